import { type ChatDocument, FORMAT } from "../../chat-document.ts";
import { t } from "../../text/text.ts";
import { filesIn } from "./archive.ts";
import { arrayItems } from "./array-items.ts";
import { fromChatGpt } from "./chatgpt.ts";

/** A chat's marks in the file's list, in the import's format. */
interface Marks {
	archived?: true;
	pinned?: true;
	folder?: { name: string; instructions: string };
}

/** A chat in a file, or why an entry is not one. `name`: its title, or its position in the file. */
export type FoundEntry = { name: string; document: ChatDocument & Marks } | { name: string; problem: string };

/** In ChatGPT's archive: one file, or several numbered ones. */
const CONVERSATIONS = /(^|\/)conversations(-\d+)?\.json$/;
const OURS = /^json\/(.+)\.json$/;

/**
 * The chats in a file: an exported chat, our zip file, ChatGPT's `conversations.json`, or the zip file that contains it. Read one by one.
 * @param onRead receives the share of the file read so far
 */
export async function* chatsIn(file: Blob & { name?: string }, onRead: (share: number) => void): AsyncGenerator<FoundEntry, void> {
	const isZip = (await file.slice(0, 2).text()) === "PK";
	const found = isZip ? zipped(file, onRead) : entriesOf(counted(file.stream(), file.size, onRead), file.name ?? t("import_the_file"));
	let isEmpty = true;
	for await (const entry of found) {
		isEmpty = false;
		yield entry;
	}
	if (isEmpty) yield { name: file.name ?? t("import_the_file"), problem: t("import_no_chats") };
	onRead(1);
}

async function* zipped(zip: Blob, onRead: (share: number) => void): AsyncGenerator<FoundEntry, void> {
	const files = await filesIn(zip).catch(() => undefined);
	if (!files) return yield { name: t("import_the_file"), problem: t("import_zip_damaged") };
	const contents = files.find(({ name }) => name === "contents.json");
	const marks = contents ? marksIn(await new Response(contents.stream()).text()) : new Map<string, Marks>();
	const chats = files.filter(({ name }) => CONVERSATIONS.test(name) || OURS.test(name));
	for (const [at, { name, stream }] of chats.entries()) {
		const ours = OURS.exec(name)?.[1];
		for await (const entry of entriesOf(stream(), ours ?? name))
			yield "document" in entry && ours ? { ...entry, document: { ...entry.document, ...marks.get(ours) } } : entry;
		onRead((at + 1) / chats.length);
	}
}

interface Contents {
	folders?: { id: string; name: string; instructions: string }[];
	chats: { name: string; archived?: boolean; pinned?: boolean; folder?: string }[];
}

/** The marks of our zip file's chats, by file name. An unreadable list loses no chat. */
function marksIn(contents: string): Map<string, Marks> {
	try {
		const { folders = [], chats }: Contents = JSON.parse(contents);
		const named = new Map(folders.map(({ id, name, instructions }) => [id, { name, instructions }]));
		return new Map(
			chats.map(({ name, archived, pinned, folder }) => {
				const inFolder = folder === undefined ? undefined : named.get(folder);
				return [name, { ...(archived && { archived }), ...(pinned && { pinned }), ...(inFolder && { folder: inFolder }) }];
			}),
		);
	} catch {
		return new Map();
	}
}

async function* entriesOf(file: ReadableStream<Uint8Array>, name: string): AsyncGenerator<FoundEntry, void> {
	let number = 0;
	try {
		for await (const item of arrayItems(file)) {
			number += 1;
			yield entryOf(item, t("import_chat_number", { file: name, number: String(number) }));
		}
	} catch (error) {
		yield { name, problem: `${error instanceof Error ? error.message : t("import_unreadable")} ${t("import_before_read")}` };
	}
}

function entryOf(item: string, place: string): FoundEntry {
	let value: unknown;
	try {
		value = JSON.parse(item);
	} catch {
		return { name: place, problem: t("import_no_json") };
	}
	if (typeof value !== "object" || value === null) return { name: place, problem: t("import_no_chat") };
	const fields = value as Record<string, unknown>;
	const name = typeof fields.title === "string" && fields.title !== "" ? fields.title : place;
	// The server validates it.
	if (fields.format === FORMAT.format) return { name, document: value as ChatDocument };
	if (!("mapping" in fields)) return { name, problem: t("import_foreign") };
	const document = fromChatGpt(fields);
	return document ? { name, document } : { name, problem: t("import_no_messages") };
}

function counted(file: ReadableStream<Uint8Array>, bytes: number, onRead: (share: number) => void): ReadableStream<Uint8Array> {
	let read = 0;
	const count = new TransformStream<Uint8Array, Uint8Array>({
		transform(chunk, controller) {
			read += chunk.byteLength;
			onRead(read / Math.max(1, bytes));
			controller.enqueue(chunk);
		},
	});
	return file.pipeThrough(count);
}
