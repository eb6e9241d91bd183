import type { Account, Transfer } from "../api";
import { moment, money } from "../format";
import { moneyText } from "../text/money";
import { Notice } from "../ui/parts";

type Props = {
  title: string;
  accounts: Account[];
  handle: string;
  onHandle: (handle: string) => void;
  list: Transfer[];
  shown: string | undefined;
  onShow: (id: string) => void;
};

const MOST = 8;

/** One account as its holder sees it: what goes out and what comes in, as it happens. */
export function Side({ title, accounts, handle, onHandle, list, shown, onShow }: Props) {
  const own = list.filter(({ from, to }) => from === handle || to === handle).slice(0, MOST);
  const account = accounts.find((each) => each.handle === handle);
  return (
    <section className="card side" aria-label={moneyText.side(title)} data-testid={`side-${title}`}>
      <div className="card-head">
        <div className="row">
          <h2>{title}</h2>
          <select aria-label={moneyText.side(title)} value={handle} onChange={({ target }) => onHandle(target.value)}>
            {accounts.map((each) => (
              <option key={each.id}>{each.handle}</option>
            ))}
          </select>
        </div>
        {account && <b className="number">{money(account.available, account.currency)}</b>}
      </div>
      {own.length === 0 ? (
        <Notice title={moneyText.sideEmpty} />
      ) : (
        <ul>
          {own.map((transfer) => {
            const out = transfer.from === handle;
            return (
              <li key={transfer.id}>
                <button
                  type="button"
                  aria-current={transfer.id === shown ? "true" : undefined}
                  onClick={() => onShow(transfer.id)}
                >
                  <span className="what">
                    {moneyText.kind[transfer.kind] ?? transfer.kind}{" "}
                    {out ? moneyText.sent(transfer.to) : moneyText.received(transfer.from)}
                    <small className="quiet">
                      {moment(transfer.created_at)}
                      {transfer.note ? ` · ${transfer.note}` : ""}
                    </small>
                  </span>
                  <span className="state" data-state={transfer.state}>
                    {moneyText.state[transfer.state]}
                  </span>
                  <b className="number" data-tone={out ? undefined : "good"}>
                    {out ? "−" : "+"}
                    {money(transfer.posted || transfer.amount, transfer.currency)}
                  </b>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
