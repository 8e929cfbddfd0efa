import { z } from "zod";
import type { World } from "../world.ts";

/** Who it happens to: a customer of that id, by default somebody new. Those in the app always take somebody new. */
export const scenarioBody = z.object({ customerId: z.string().optional() });

interface Played {
	/** What is so now, in a sentence. */
	text: string;
	/** The customer it happened to. */
	customerId?: string;
	/** `Set-Cookie` lines that make a browser be the person of the story. */
	cookies?: string[];
}

export interface Scenario {
	name: string;
	title: string;
	detail: string;
	/** Played through the app's own API, which therefore has to run. */
	needsApp: boolean;
	/** @throws Refusal when it cannot be: the words say what is missing. */
	play(world: World, input: z.infer<typeof scenarioBody>): Promise<Played>;
}
