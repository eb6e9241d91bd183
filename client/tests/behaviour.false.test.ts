import { test } from "vitest";
import { behaves } from "./behaviour.js";
import { falseWorld } from "./world/false-world.js";

behaves(falseWorld, test);
