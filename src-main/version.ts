/** As in package.json; a test keeps them equal, and a release changes both. */
export const version = '0.1.0'
