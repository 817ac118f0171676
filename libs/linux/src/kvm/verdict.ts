/** What the program prints if KVM runs machine code. */
export const KVM_WORKS = 'KVM works';
