export interface Point {
  x: number;
  y: number;
}

const SPREAD_RADIANS = 0.42;
/** Keeps the fan of cords on the right half of the socket. */
const WIDEST_RADIANS = 2.4;
const SAG = 24;

/**
 * The curve of a cord from the rim of the agent's socket to a jack, hanging a little.
 * @param center of the socket, `radius` its radius
 * @param index of this cord among `count`
 * @returns the `d` of an SVG path
 */
export function cordPath(center: Point, radius: number, jack: Point, index: number, count: number): string {
  const step = count > 1 ? Math.min(SPREAD_RADIANS, WIDEST_RADIANS / (count - 1)) : 0;
  const angle = (index - (count - 1) / 2) * step;
  const start = { x: center.x + Math.cos(angle) * radius, y: center.y + Math.sin(angle) * radius };
  const points = [
    start,
    { x: start.x + 50, y: start.y + SAG },
    { x: jack.x - 44, y: jack.y + SAG / 2 },
    jack,
  ].map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return `M${points[0]} C${points.slice(1).join(' ')}`;
}
