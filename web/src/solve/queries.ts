// What the Solve pages read by GET.
import { useQuery } from "@tanstack/react-query";
import { api, type Language, type Page, type Problem, type ProblemItem, type Submission } from "../api";

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

export const useProblems = () => useQuery({ queryKey: ["problems"], queryFn: () => all<ProblemItem>("/problems") });

export const useProblem = (slug: string | null) =>
  useQuery({
    queryKey: ["problem", slug],
    queryFn: () => api<Problem>(`/problems/${encodeURIComponent(slug ?? "")}`),
    enabled: slug !== null,
    staleTime: 60_000,
  });

/** Asked again every few seconds while no worker is there. */
export const useLanguages = () =>
  useQuery({
    queryKey: ["languages"],
    queryFn: async () => (await api<Page<Language>>("/languages")).items.filter(({ available }) => available),
    staleTime: 60_000,
    refetchInterval: ({ state }) => (state.data?.length === 0 ? 3000 : false),
  });

export const useHistory = (slug: string | null) =>
  useQuery({
    queryKey: ["history", slug],
    queryFn: () => api<Page<Submission>>(`/submissions?problem=${encodeURIComponent(slug ?? "")}&limit=50`),
    enabled: slug !== null,
    staleTime: 0,
  });

export type Own = "solved" | "tried";

/** How the user stands with each problem, by the newest submissions and those that were accepted. */
export const useOwn = () =>
  useQuery({
    queryKey: ["own"],
    queryFn: async () => {
      const [newest, accepted] = await Promise.all([
        api<Page<Submission>>("/submissions?limit=200"),
        api<Page<Submission>>("/submissions?verdict=accepted&limit=200"),
      ]);
      return standing([...newest.items, ...accepted.items]);
    },
    staleTime: 0,
  });

export function standing(submissions: Pick<Submission, "problem" | "verdict">[]): Map<string, Own> {
  const own = new Map<string, Own>();
  for (const { problem, verdict } of submissions) {
    if (!problem) continue;
    if (verdict === "accepted") own.set(problem, "solved");
    else if (!own.has(problem)) own.set(problem, "tried");
  }
  return own;
}
