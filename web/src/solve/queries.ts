// What the Solve pages read by GET.
import { api, type Language, type Page, type Problem, type ProblemItem, type Submission } from "../api";
import { type ReadOptions, useRead } from "../reads";

const PAGES = 10;

/** All pages of a list, up to 2,000 items. */
export async function all<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  let next: string | null = null;
  for (let page = 0; page < PAGES; page += 1) {
    const join = path.includes("?") ? "&" : "?";
    const cursor: string = next === null ? "" : `&cursor=${encodeURIComponent(next)}`;
    const answer: Page<T> = await api<Page<T>>(`${path}${join}limit=200${cursor}`);
    items.push(...answer.items);
    next = answer.next;
    if (next === null) break;
  }
  return items;
}

export const useProblems = () => useRead("problems", () => all<ProblemItem>("/problems"));

export const useProblem = (slug: string | null) =>
  useRead(slug && `problem:${slug}`, () => api<Problem>(`/problems/${encodeURIComponent(slug ?? "")}`), LONG);

const LONG = { staleMs: 60_000 };
const LANGUAGES: ReadOptions<Language[]> = { ...LONG, againMs: ({ data }) => (data?.length === 0 ? 3000 : null) };

/** Asked again every few seconds while no worker is there. */
export const useLanguages = () =>
  useRead(
    "languages",
    async () => (await api<Page<Language>>("/languages")).items.filter(({ available }) => available),
    LANGUAGES,
  );

const ALWAYS = { staleMs: 0 };

export const useHistory = (slug: string | null) =>
  useRead(
    slug && `history:${slug}`,
    () => api<Page<Submission>>(`/submissions?problem=${encodeURIComponent(slug ?? "")}&limit=50`),
    ALWAYS,
  );

export type Own = "solved" | "tried";

/** How the user stands with each problem, by the newest submissions and those that were accepted. */
export const useOwn = () =>
  useRead(
    "own",
    async () => {
      const [newest, accepted] = await Promise.all([
        api<Page<Submission>>("/submissions?limit=200"),
        api<Page<Submission>>("/submissions?verdict=accepted&limit=200"),
      ]);
      return standing([...newest.items, ...accepted.items]);
    },
    ALWAYS,
  );

export function standing(submissions: Pick<Submission, "problem" | "verdict">[]): Map<string, Own> {
  const own = new Map<string, Own>();
  for (const { problem, verdict } of submissions) {
    if (!problem) continue;
    if (verdict === "accepted") own.set(problem, "solved");
    else if (!own.has(problem)) own.set(problem, "tried");
  }
  return own;
}
