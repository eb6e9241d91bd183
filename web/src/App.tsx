// The shell: who one is, where one is, whether the line is up. Each route is a chunk of its own.
import { HeraldProvider } from "herald-client/react";
import { Component, lazy, type ReactNode, Suspense, useEffect, useSyncExternalStore } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { session } from "./api";
import { useConnection } from "./live/hooks";
import { forgetAll } from "./reads";
import { useWho } from "./signin/who";
import { text } from "./text/all";
import { Mark } from "./ui/icons";
import { Notice } from "./ui/parts";

const SignIn = lazy(() => import("./signin/SignIn"));
const ProblemList = lazy(() => import("./solve/ProblemList"));
const Workspace = lazy(() => import("./solve/Workspace"));
const Race = lazy(() => import("./race/Race"));
const Money = lazy(() => import("./money/Money"));

export function App() {
  const herald = useSyncExternalStore(session.subscribe, session.herald);
  // Another key is another person: nothing that was read before may stay on the page.
  useEffect(
    () =>
      session.subscribe(() => {
        forgetAll();
      }),
    [],
  );
  return (
    <HeraldProvider herald={herald}>
      <a className="skip" href="#content">
        {text.skip}
      </a>
      <Header />
      <main id="content" tabIndex={-1} key={session.key() ?? "guest"}>
        <Guard>
          <Suspense fallback={<div className="loading" role="status" aria-label={text.loading} />}>
            <Pages />
          </Suspense>
        </Guard>
      </main>
    </HeraldProvider>
  );
}

/** Where the server wants a key, every route asks for it and goes on to where it was. */
function Pages() {
  const { refused } = useWho();
  if (refused) return <SignIn />;
  return (
    <Switch>
      <Route path="/">
        <ProblemList />
      </Route>
      <Route path="/solve/:slug">{({ slug }) => <Workspace key={slug} slug={slug} />}</Route>
      <Route path="/run">
        <Workspace slug={null} />
      </Route>
      <Route path="/race">
        <Race />
      </Route>
      <Route path="/money">
        <Money />
      </Route>
      <Route path="/sign-in">
        <SignIn />
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

function NotFound() {
  return (
    <Notice title={text.notFound.title} detail={text.notFound.detail} page>
      <Link className="button" href="/">
        {text.notFound.back}
      </Link>
    </Notice>
  );
}

const PAGES: Record<string, "race" | "money" | "signIn"> = {
  race: "race",
  money: "money",
  "sign-in": "signIn",
};

function Header() {
  const [at] = useLocation();
  const page = PAGES[at.split("/")[1]] ?? "solve";
  useEffect(() => {
    if (!at.startsWith("/solve/")) document.title = text.title(text.nav[page]);
  }, [at, page]);
  const tab = (name: "solve" | "race" | "money", href: string) => (
    <Link href={href} aria-current={page === name ? "page" : undefined}>
      {text.nav[name]}
    </Link>
  );
  return (
    <header className="top">
      <Link href="/" className="brand">
        <Mark />
        <span>{text.name}</span>
      </Link>
      <nav aria-label={text.nav.label}>
        {tab("solve", "/")}
        {tab("race", "/race")}
        {tab("money", "/money")}
      </nav>
      <Lamp />
      <Who />
    </header>
  );
}

function Lamp() {
  const state = useConnection();
  return (
    <span className="lamp" data-state={state} title={text.connectionNote[state]} role="status">
      <i aria-hidden="true" />
      <span>{text.connection[state]}</span>
    </span>
  );
}

function Who() {
  const { user } = useWho();
  return (
    <Link href="/sign-in" className="who" title={user ? text.signedInAs(user) : undefined}>
      {user ?? text.nav.signIn}
    </Link>
  );
}

class Guard extends Component<{ children: ReactNode }, { failed: boolean }> {
  state = { failed: false };
  static getDerivedStateFromError = () => ({ failed: true });
  render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Notice title={text.broken.title} detail={text.broken.detail} page>
        <button type="button" onClick={() => location.reload()}>
          {text.broken.reload}
        </button>
      </Notice>
    );
  }
}
