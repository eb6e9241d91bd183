import { useState } from "react";
import { type Account, raw, refused } from "../api";
import { moment, money } from "../format";
import { moneyText } from "../text/money";
import { Notice, Problem, Scroll } from "../ui/parts";
import { csv, useStatement } from "./data";

/** By fetch and not by a plain link: a link could not carry the key. */
async function download(handle: string) {
  const file = new Blob([await csv(handle, raw)], { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${handle}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function Statement({ accounts, first }: { accounts: Account[]; first: string }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const handle = chosen ?? first;
  const account = accounts.find((each) => each.handle === handle);
  const statement = useStatement(handle);
  const columns = moneyText.statementColumns;
  const failed = error ?? statement.error;
  const save = () => {
    setError(null);
    download(handle).catch((caught) => {
      setError(refused(caught));
    });
  };
  return (
    <div className="stack">
      <div className="row">
        <select
          aria-label={moneyText.accounts}
          className="pick"
          value={handle}
          onChange={({ target }) => setChosen(target.value)}
        >
          {accounts.map((each) => (
            <option key={each.id}>{each.handle}</option>
          ))}
        </select>
        <button type="button" onClick={save}>
          {moneyText.csv}
        </button>
      </div>
      {failed ? <Problem error={failed} retry={() => void statement.again()} /> : null}
      {statement.data?.items.length === 0 && <Notice title={moneyText.statementEmpty} />}
      {statement.data && statement.data.items.length > 0 && account && (
        <Scroll label={moneyText.statement}>
          <table className="table compact">
            <thead>
              <tr>
                <th scope="col" className="number">
                  {columns.n}
                </th>
                <th scope="col">{columns.at}</th>
                <th scope="col">{columns.what}</th>
                <th scope="col" className="wide">
                  {columns.other}
                </th>
                <th scope="col" className="number">
                  {columns.amount}
                </th>
                <th scope="col" className="number">
                  {columns.balance}
                </th>
              </tr>
            </thead>
            <tbody>
              {statement.data.items.map((line) => (
                <tr key={line.n}>
                  <td className="number quiet">{line.n}</td>
                  <td className="quiet">{moment(line.at)}</td>
                  <td>{moneyText.kind[line.kind] ?? line.kind}</td>
                  <td className="wide">
                    {line.other}
                    {line.note && <span className="quiet"> · {line.note}</span>}
                  </td>
                  <td className="number" data-tone={line.amount > 0 ? "good" : undefined}>
                    {line.amount > 0 ? "+" : ""}
                    {money(line.amount, account.currency)}
                  </td>
                  <td className="number">{money(line.balance, account.currency)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </div>
  );
}
