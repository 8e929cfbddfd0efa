import { type ComponentType, useState } from "react";
import { t } from "../../text/text.ts";
import type { WhyProps } from "./why-reasons.tsx";

/** A button that explains why an answer was counted or not. The table of rules loads when it is first pressed. */
export function Why({ metadata, model, className }: Partial<WhyProps> & { className: string }) {
	const [open, setOpen] = useState(false);
	const [Reasons, setReasons] = useState<ComponentType<WhyProps>>();

	function toggle() {
		setOpen(!open);
		if (!Reasons) import("./why-reasons.tsx").then((module) => setReasons(() => module.WhyReasons)).catch(() => setOpen(false));
	}

	if (!metadata) return null;
	return (
		<>
			<button type="button" aria-expanded={open} className={`button-bare ${open ? "" : className}`} onClick={toggle}>
				{t("chat_why")}
			</button>
			{open && Reasons && <Reasons metadata={metadata} model={model ?? ""} />}
		</>
	);
}
