import { z } from "zod";
import type { World } from "../world.ts";

/** The customer to change, by default a new one. App scenarios always create a new user. */
export const scenarioBody = z.object({ customerId: z.string().optional() });

interface Played {
	/** The resulting state in one sentence. */
	text: string;
	/** The customer that was changed. */
	customerId?: string;
	/** `Set-Cookie` lines that sign a browser in as the scenario's user. */
	cookies?: string[];
}

export interface Scenario {
	name: string;
	title: string;
	detail: string;
	/** Whether it uses the app's API, so that the app must run. */
	needsApp: boolean;
	/** @throws Refusal whose message names what is missing */
	play(world: World, input: z.infer<typeof scenarioBody>): Promise<Played>;
}
