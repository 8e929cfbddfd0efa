import { type ChatDocument, type ExportedTurn, FORMAT } from "../../chat-document.ts";
import { chatTitle } from "../../chat-title.ts";
import { t } from "../../text/text.ts";

/** A chat of ChatGPT's `conversations.json`, limited to the fields in use. Every field may be missing or of another type. */
type Fields = Record<string, unknown>;

/** A message of the displayed path. */
interface Said {
	role: "user" | "assistant";
	text: string;
	files: { name: string; mediaType: string; bytes: number }[];
	model: string;
	/** Seconds since 1970. */
	at: number | null;
}

/**
 * Converts a chat of ChatGPT's export to our document: the path that ends at its current node, with the messages visible to its owner. Tool, system,
 * hidden and weightless messages are left out.
 * @returns null for a chat without a message
 */
export function fromChatGpt(chat: Fields): ChatDocument | null {
	const said = pathOf(chat).flatMap(saidBy);
	const turns = turnsOf(said, seconds(chat.update_time) ?? seconds(chat.create_time));
	if (turns.length === 0) return null;
	const id = text(chat.conversation_id) || text(chat.id);
	return {
		...FORMAT,
		...(id && { id: `chatgpt-${id}` }),
		title: text(chat.title) || chatTitle(turns[0]?.question?.text ?? "") || t("import_title"),
		instructions: "",
		exportedAt: isoOf(seconds(chat.update_time)) ?? new Date(0).toISOString(),
		shown: turns.length,
		turns,
	};
}

/** The nodes from the root to the current one, or to the newest leaf if there is none. Visits each node once, so a cyclic tree terminates. */
function pathOf({ mapping, current_node: current }: Fields): Fields[] {
	const nodes = isFields(mapping) ? mapping : {};
	const path: Fields[] = [];
	const taken = new Set<string>();
	let id = Object.hasOwn(nodes, text(current)) ? text(current) : newestLeaf(nodes);
	while (id !== "" && !taken.has(id)) {
		taken.add(id);
		path.push(fieldsOf(nodes[id]));
		id = text(fieldsOf(nodes[id]).parent);
	}
	return path.reverse();
}

function newestLeaf(nodes: Fields): string {
	const leaves = Object.entries(nodes).filter(
		([, node]) => !(Array.isArray(fieldsOf(node).children) && (fieldsOf(node).children as unknown[]).length),
	);
	const at = ([, node]: [string, unknown]) => seconds(fieldsOf(fieldsOf(node).message).create_time) ?? 0;
	return leaves.sort((a, b) => at(b) - at(a))[0]?.[0] ?? "";
}

function saidBy({ message: given }: Fields): Said[] {
	const message = fieldsOf(given);
	const metadata = fieldsOf(message.metadata);
	const content = fieldsOf(message.content);
	const role = text(fieldsOf(message.author).role);
	const isText = content.content_type === "text" || content.content_type === "multimodal_text";
	if ((role !== "user" && role !== "assistant") || !isText) return [];
	// Messages addressed to a tool, hidden context for the model, and retracted messages.
	if ((message.recipient ?? "all") !== "all" || metadata.is_visually_hidden_from_conversation === true || message.weight === 0) return [];
	const parts = Array.isArray(content.parts) ? content.parts : [];
	const words = parts
		.map(wordsOf)
		.filter((one) => one.trim() !== "")
		.join("\n\n");
	const files = role === "user" ? filesOf(parts, metadata.attachments) : [];
	if (words === "" && files.length === 0) return [];
	return [{ role, text: words, files, model: text(metadata.model_slug), at: seconds(message.create_time) }];
}

/** The text of a part, or its transcript of speech. */
function wordsOf(part: unknown): string {
	if (typeof part === "string") return part;
	return fieldsOf(part).content_type === "audio_transcription" ? text(fieldsOf(part).text) : "";
}

/** The files of a message: those that its attachments name. Images not among them have no name. */
function filesOf(parts: readonly unknown[], attachments: unknown): Said["files"] {
	const named = (Array.isArray(attachments) ? attachments : []).map(fieldsOf);
	const files = named.map(({ name, mime_type, mimeType, size }) => ({
		name: text(name) || "file",
		mediaType: text(mime_type) || text(mimeType) || "application/octet-stream",
		bytes: count(size),
	}));
	const images = parts.map(fieldsOf).filter(({ content_type }) => content_type === "image_asset_pointer");
	const unnamed = images.slice(files.filter(({ mediaType }) => mediaType.startsWith("image/")).length);
	return [...files, ...unnamed.map(({ size_bytes }) => ({ name: "image", mediaType: "image/*", bytes: count(size_bytes) }))];
}

/** Questions with their answers. Consecutive assistant messages are one answer. A question without one stays without. */
function turnsOf(said: readonly Said[], atOfChat: number | null): ExportedTurn[] {
	const turns: ExportedTurn[] = [];
	for (const { role, text: words, files, model, at } of said) {
		const last = turns.at(-1);
		const number = turns.length + 1;
		const turn = { turn: number, parent: number === 1 ? null : number - 1, answersAgain: null };
		if (role === "user") turns.push({ ...turn, question: { text: words, files }, answer: null });
		else if (last?.answer) last.answer.text += `\n\n${words}`;
		else {
			const answer = {
				text: words,
				reasoning: "",
				sources: [],
				state: "complete" as const,
				model,
				counted: null,
				units: null,
				askedAt: isoOf(at ?? atOfChat),
			};
			if (last) last.answer = answer;
			else turns.push({ ...turn, question: null, answer });
		}
	}
	return turns;
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const count = (value: unknown): number => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0);
const seconds = (value: unknown): number | null => (typeof value === "number" && value > 0 && value < 1e11 ? value : null);
const isoOf = (at: number | null): string | null => (at === null ? null : new Date(at * 1000).toISOString());
