import { Solve } from "./solve";

export default function Page() {
  return (
    <main>
      <h1>Two integers, and their sum</h1>
      <Solve />
    </main>
  );
}
