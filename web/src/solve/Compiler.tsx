import { solveText } from "../text/solve";
import { Scroll } from "../ui/parts";
import { outputLines } from "./places";

/** What the compiler said; a line that names a place is a button that goes there. */
export function Compiler({
  output,
  onGoTo,
}: {
  output: string;
  onGoTo: (line: number, column: number | null) => void;
}) {
  return (
    <section className="compiler">
      <h2 className="part">{solveText.compiler}</h2>
      <Scroll className="block said" label={solveText.compiler}>
        {outputLines(output).map(({ text: line, place }, index) => {
          // biome-ignore-start lint/suspicious/noArrayIndexKey: lines of one output, never moved
          if (!place) return <div key={index}>{line || " "}</div>;
          return (
            <button
              type="button"
              key={index}
              data-severity={place.severity}
              title={solveText.goTo(place.line)}
              onClick={() => onGoTo(place.line, place.column)}
            >
              {line}
            </button>
          );
          // biome-ignore-end lint/suspicious/noArrayIndexKey: as above
        })}
      </Scroll>
    </section>
  );
}
