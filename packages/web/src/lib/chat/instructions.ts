import { config } from "../../config.ts";
import { instructionTokens, type OwnInstructions, ownTokens, systemText } from "../../instructions.ts";
import type { Subject } from "../identity/subject.ts";

const NONE: OwnInstructions = { about: "", answer: "" };

const ownOf = (subject: Subject) => (subject.kind === "user" ? subject.instructions : NONE);

/** The system message of a request ("" for none) and its estimated tokens. */
export function instructionsFor(subject: Subject, { chat, folder }: { chat: string; folder: string }): { text: string; tokens: number } {
	const { text: site } = config().systemPrompt;
	const { site: ofSite, own } = instructionSizes(subject);
	const tokens = ofSite + own + instructionTokens("folder", folder) + instructionTokens("chat", chat);
	return { text: systemText({ site, ...ownOf(subject), folder, chat }), tokens };
}

/** The estimated tokens that instructions add to each request of a subject, besides those of the chat. */
export function instructionSizes(subject: Subject): { site: number; own: number } {
	return { site: config().systemPrompt.tokens, own: ownTokens(ownOf(subject)) };
}
