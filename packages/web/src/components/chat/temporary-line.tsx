import { t } from "../../text/text.ts";
import { useLeavingAsked } from "../frame/use-leaving-asked.ts";

/** What a temporary chat is, by the composer. The browser asks before a page with messages of it is left. */
export default function TemporaryLine({ hasMessages }: { hasMessages: boolean }) {
	useLeavingAsked(hasMessages);
	return <p className="px-1 pb-2 text-small text-soft">{t("chat_temporary_line")}</p>;
}
