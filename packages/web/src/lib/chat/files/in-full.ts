import type { ModelMessage } from "ai";
import { OwnError } from "../../../log.ts";
import type { FilePart, ModelOption } from "../../../view/chat.ts";
import type { SentMessage } from "../history.ts";
import { asPrompt } from "./content.ts";

/** Image bytes in one call. Memory holds them three times: as bytes, in base64, and in the request body. */
const IMAGE_BYTES_MAX = 12 * 1024 * 1024;

const isImage = ({ mediaType }: FilePart) => mediaType.startsWith("image/");
const bytesOf = ({ providerMetadata }: FilePart) => providerMetadata.parley.bytes;

/**
 * Adds file contents to messages. Images go to models that accept them, newest first, up to 12 MiB in total. Other images, and files of earlier
 * messages that are no longer stored, are only named.
 * @param read a file's bytes; null if they are missing
 * @throws {OwnError} when a file of the question is missing
 */
export async function inFull(
	messages: readonly SentMessage[],
	accepts: ModelOption["accepts"],
	read: (file: FilePart) => Promise<Uint8Array | null>,
): Promise<ModelMessage[]> {
	const shown = accepts.includes("image") ? imagesWithin(messages, IMAGE_BYTES_MAX) : new Set<FilePart>();
	const contentOf = async (file: FilePart, isAsked: boolean) => {
		const isShown = shown.has(file);
		const bytes = isShown || !isImage(file) ? await read(file) : null;
		if (bytes === null) {
			if (isAsked && (isShown || !isImage(file))) throw new OwnError("a file of the question is not stored any more");
			return { type: "text" as const, text: `[${isImage(file) ? "An image" : "A file"} that is not shown to you: ${file.filename}]` };
		}
		if (isShown) return { type: "file" as const, data: bytes, mediaType: file.mediaType };
		return { type: "text" as const, text: asPrompt(file.filename, new TextDecoder().decode(bytes)) };
	};
	return Promise.all(
		messages.map(async ({ role, content, files = [] }, at): Promise<ModelMessage> => {
			if (role !== "user" || files.length === 0) return { role, content };
			const parts = await Promise.all(files.map((file) => contentOf(file, at === messages.length - 1)));
			return { role, content: content.trim() === "" ? parts : [...parts, { type: "text", text: content }] };
		}),
	);
}

/** The newest images with at most this many bytes in total. */
function imagesWithin(messages: readonly SentMessage[], bytesMax: number): Set<FilePart> {
	const within = new Set<FilePart>();
	let bytes = 0;
	for (const image of messages.toReversed().flatMap(({ files = [] }) => files.filter(isImage))) {
		bytes += bytesOf(image);
		if (bytes > bytesMax) break;
		within.add(image);
	}
	return within;
}
