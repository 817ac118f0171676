/** Promises that this backend does not keep, by the test's name, each with the reason. One that has closed fails. */
export const GAPS: Readonly<Record<string, string>> = {};
