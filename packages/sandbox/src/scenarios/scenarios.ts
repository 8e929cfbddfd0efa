/** States worth looking at, one button press each: getting there by hand takes an afternoon. */
import { providerScenarios } from "./at-the-provider.ts";
import { appScenarios } from "./in-the-app.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [...appScenarios, ...providerScenarios];
