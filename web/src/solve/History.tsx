import { milliseconds, moment } from "../format";
import { text } from "../text/all";
import { solveText } from "../text/solve";
import { Notice, Problem, Scroll, tone, VerdictIcon } from "../ui/parts";
import { useHistory } from "./queries";

export function History({ slug, shown, onShow }: { slug: string; shown: string | null; onShow: (id: string) => void }) {
  const { data, error, again } = useHistory(slug);
  const columns = solveText.historyColumns;
  if (error) return <Problem error={error} retry={() => void again()} />;
  if (!data) return null;
  if (data.items.length === 0) return <Notice title={solveText.historyEmpty} />;
  return (
    <Scroll label={solveText.history}>
      <table className="table compact history">
        <thead>
          <tr>
            <th scope="col">{columns.verdict}</th>
            <th scope="col">{columns.language}</th>
            <th scope="col" className="number">
              {columns.tests}
            </th>
            <th scope="col" className="number">
              {columns.time}
            </th>
            <th scope="col">{columns.when}</th>
          </tr>
        </thead>
        <tbody>
          {data.items.map(({ id, verdict, status, language, tests, time_ms, created_at }) => (
            <tr key={id} aria-current={id === shown ? "true" : undefined}>
              <th scope="row">
                <button type="button" className="plain tiny" data-tone={tone(verdict)} onClick={() => onShow(id)}>
                  <VerdictIcon verdict={verdict} />
                  {verdict ? text.verdict[verdict] : text.status[status]}
                </button>
              </th>
              <td>{language}</td>
              <td className="number">{solveText.passed(tests.passed, tests.total ?? tests.run)}</td>
              <td className="number">{time_ms === null ? "–" : milliseconds(time_ms)}</td>
              <td className="quiet">{moment(created_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
