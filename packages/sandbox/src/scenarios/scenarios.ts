/** Prepared states, each reached with one button. Reaching them by hand would take an afternoon. */
import { providerScenarios } from "./at-the-provider.ts";
import { appScenarios } from "./in-the-app.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [...appScenarios, ...providerScenarios];
