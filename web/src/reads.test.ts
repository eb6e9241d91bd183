import { beforeEach, expect, test, vi } from "vitest";
import { forgetAll, readAgain, stateOf, watchRead } from "./reads";

beforeEach(forgetAll);

const FRESH_MS = 60_000;
const shown = (name: string, read: () => Promise<unknown>) => watchRead(name, read, FRESH_MS, () => {});
const settled = (name: string) => vi.waitFor(() => expect(stateOf(name).data ?? stateOf(name).error).toBeTruthy());

test("two who show the same read it once", async () => {
  const read = vi.fn(async () => "all");
  shown("problems", read);
  shown("problems", read);
  await settled("problems");
  shown("problems", read);
  expect(read).toHaveBeenCalledTimes(1);
  expect(stateOf("problems")).toEqual({ data: "all", error: null });
});

test("what is asked anew while it is read is read once more after that", async () => {
  const answers: ((value: string) => void)[] = [];
  const read = vi.fn(() => new Promise<string>((done) => answers.push(done)));
  shown("own", read);
  const again = Promise.all([readAgain("own"), readAgain("own")]);
  answers[0]("before");
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]("after");
  await again;
  expect(read).toHaveBeenCalledTimes(2);
  expect(stateOf("own").data).toBe("after");
});

test("a failure keeps what was known, and names of one kind are read anew together", async () => {
  const answers = ["first", new Error("away")];
  const read = vi.fn(async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  shown("statement:ann", read);
  await settled("statement:ann");
  await readAgain("statement");
  expect(stateOf("statement:ann")).toEqual({ data: "first", error: new Error("away") });
});

test("what nobody shows is read when it is shown next", async () => {
  const read = vi.fn(async () => "all");
  const leave = shown("history:hello", read);
  await settled("history:hello");
  leave();
  await readAgain("history");
  expect(read).toHaveBeenCalledTimes(1);
  shown("history:hello", read);
  expect(read).toHaveBeenCalledTimes(2);
});
