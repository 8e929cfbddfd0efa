import type { FileUIPart } from "ai";
import { t } from "../../text/text.ts";
import type { ModelOption } from "../../view/chat.ts";

type Model = Pick<ModelOption, "label" | "accepts">;

const isImage = ({ mediaType }: FileUIPart) => mediaType.startsWith("image/");

/** Why a model cannot read a message's files. Empty if it can. Every model can read text files. */
export function unreadableBy({ label, accepts }: Model, files: readonly FileUIPart[]): string {
	const images = files.filter(isImage).length;
	if (images === 0 || accepts.includes("image")) return "";
	return t("chat_no_images_choose", { model: label, count: images });
}

/** The same for a sent message, whose files cannot be removed. */
export function unansweredBy({ label, accepts }: Model, files: readonly FileUIPart[]): string {
	return accepts.includes("image") || !files.some(isImage) ? "" : t("chat_no_images_again", { model: label });
}

/** A warning that a model gets only the names of earlier messages' images. Empty if it can read them. */
export function unseenBy({ label, accepts }: Model, files: readonly FileUIPart[]): string {
	const images = files.filter(isImage).length;
	if (images === 0 || accepts.includes("image")) return "";
	return t("chat_images_unseen", { model: label, count: images });
}
