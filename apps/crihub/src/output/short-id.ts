/** Digits of an id that people are shown; the daemon takes any prefix that is unique. */
export const SHORT_ID = 13;
