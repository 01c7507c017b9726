/** Of this software, as its package says (a test holds the two together: a browser cannot read the package). */
export const VERSION = '0.1.0';
