import { useEffect, useState } from "react";
import { refused } from "../api";
import { money } from "../format";

import { readStored, useStored, writeStored } from "../stored";
import { moneyText } from "../text/money";
import { Notice, Problem, Tabs } from "../ui/parts";
import { useAccounts, useTransfers } from "./data";
import { Graph } from "./Graph";
import { OpenAccount } from "./OpenAccount";
import { Pay } from "./Pay";
import { Side } from "./Side";
import { Statement } from "./Statement";
import { Webhooks } from "./Webhooks";
import "./money.css";

export default function Money() {
  const accounts = useAccounts();
  const { transfers, list, seen, fetchOne, refresh, error, retry } = useTransfers();
  const [chosen, setChosen] = useState<string | null>(null);
  const [sent, setSent] = useState<ReadonlyMap<string, number>>(new Map());
  const [payer, setPayer] = useStored("payer", "");
  const [payee, choosePayee] = useState(() => readStored("payee"));
  const [tab, setTab] = useState("statement");
  const own = accounts.data ?? [];
  const handles = own.map(({ handle }) => handle);
  const left = handles.includes(payer) ? payer : (handles[0] ?? "");
  const right =
    payee !== null && handles.includes(payee) && payee !== left
      ? payee
      : (handles.find((handle) => handle !== left) ?? "");
  const setPayee = (handle: string) => {
    choosePayee(handle);
    writeStored("payee", handle);
  };
  useEffect(() => {
    if (chosen !== null && !transfers.has(chosen)) fetchOne(chosen);
  }, [chosen, transfers, fetchOne]);

  const failed = accounts.error ?? error;
  if (failed) refused(failed);
  const shown =
    transfers.get(chosen ?? "") ?? (chosen === null ? list.find(({ kind }) => kind === "payment") : undefined) ?? null;
  const paid = (id: string, at: number) => {
    setSent((old) => new Map(old).set(id, at));
    setChosen(id);
    refresh();
  };
  return (
    <div className="page money">
      <div className="page-head">
        <h1>{moneyText.title}</h1>
        <p className="lead">{moneyText.lead}</p>
      </div>
      {failed ? <Problem error={failed} retry={() => void Promise.all([accounts.again(), retry()])} /> : null}

      <section aria-labelledby="accounts-title" className="accounts">
        <div className="row spread">
          <h2 id="accounts-title">{moneyText.accounts}</h2>
          <OpenAccount currency={own[0]?.currency ?? "EUR"} />
        </div>
        {accounts.data && own.length === 0 ? (
          <div className="card">
            <Notice {...moneyText.accountsEmpty} />
          </div>
        ) : (
          <ul>
            {own.map(({ id, handle, available, held, currency, kind }) => (
              <li className="card" key={id}>
                <span className="row spread">
                  <b>{handle}</b>
                  <span className="quiet small">{kind}</span>
                </span>
                <span className="balance" data-testid={`balance-${handle}`}>
                  {money(available, currency)}
                </span>
                <span className="quiet small">
                  {held > 0 ? moneyText.held(money(held, currency)) : moneyText.available}
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>

      {own.length > 0 && (
        <>
          <div className="pay-and-see">
            <Pay accounts={own} from={left} onFrom={setPayer} to={payee ?? right} onTo={setPayee} onPaid={paid} />
            <Graph transfer={shown} sentAt={shown ? (sent.get(shown.id) ?? null) : null} seen={seen} onDone={refresh} />
          </div>
          <div className="sides" data-one={own.length === 1 || undefined}>
            <Side
              title={own.length === 1 ? moneyText.accounts : moneyText.payer}
              accounts={own}
              handle={left}
              onHandle={setPayer}
              list={list}
              shown={shown?.id}
              onShow={setChosen}
            />
            {own.length > 1 && (
              <Side
                title={moneyText.payee}
                accounts={own}
                handle={right}
                onHandle={setPayee}
                list={list}
                shown={shown?.id}
                onShow={setChosen}
              />
            )}
          </div>
          <div className="card lists">
            <Tabs
              label={moneyText.statement}
              value={tab}
              onChange={setTab}
              items={[
                {
                  id: "statement",
                  label: moneyText.statement,
                  panel: tab === "statement" && <Statement accounts={own} first={left} />,
                },
                { id: "webhooks", label: moneyText.webhooks, panel: tab === "webhooks" && <Webhooks /> },
              ]}
            />
          </div>
        </>
      )}
    </div>
  );
}
