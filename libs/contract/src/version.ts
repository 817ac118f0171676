/** Version of this contract. A backend package built against another major version is refused. */
export const CONTRACT_VERSION = '1.0';
