/** Size of a node, for whoever places it and whoever draws it. */
export const WIDTH = 172;
export const HEIGHT = 62;
