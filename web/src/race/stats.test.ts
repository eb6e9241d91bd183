import { expect, test } from "vitest";
import { box, boxes, first, instant, medians, quantile, skew } from "./stats";

test("quartiles lie between the values, as R's type 7 has them", () => {
  expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
  expect(box([4, 1, 3, 2])).toEqual({ low: 1, q1: 1.75, median: 2.5, q3: 3.25, high: 4, n: 4 });
  expect(box([])).toBeNull();
});

test("lanes within 3 ms of the first tie with it, and no others", () => {
  expect(first({ ws: 4, sse: 6.9, longpoll: 7.1, poll200: 90 })).toEqual(["sse", "ws"]);
  expect(first({ ws: 1 })).toEqual(["ws"]);
});

test("a lane that failed in a run does not count in it", () => {
  const runs = [{ ws: 2, sse: 4 }, { ws: 4 }];
  expect(boxes(runs).sse?.n).toBe(1);
  expect(medians(runs)).toEqual({ ws: 3, sse: 4 });
});

test("the clock is corrected only where the server's time cannot be true by ours", () => {
  expect(skew(150, 100, 200)).toBe(0);
  expect(skew(230, 100, 200)).toBe(30);
  expect(skew(60, 100, 200)).toBe(-40);
});

test("an instant keeps its microseconds", () => {
  expect(instant("2026-11-24T20:55:18.586634Z") - Date.parse("2026-11-24T20:55:18Z")).toBeCloseTo(586.634, 3);
  expect(instant("2026-11-24T20:55:18Z")).toBe(Date.parse("2026-11-24T20:55:18Z"));
});
