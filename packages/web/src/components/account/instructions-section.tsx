import { type FormEvent, useState } from "react";
import { instructionFault, type OwnInstructions, ownTokens, plainInstruction } from "../../instructions.ts";
import { t } from "../../text/text.ts";
import { InstructionField } from "../frame/instruction-field.tsx";
import { useHydrated } from "../frame/local-time.tsx";
import { saveInstructions } from "../requests.ts";
import { tellTabs } from "../tabs.ts";
import { Section } from "./section.tsx";

interface InstructionsSectionProps {
	own: OwnInstructions;
	/** Estimated tokens of the deployer's text. */
	site: number;
}

/** The viewer's instructions to every model, in all chats. Unsaved text stays in the fields. */
export function InstructionsSection({ own, site }: InstructionsSectionProps) {
	const hydrated = useHydrated();
	const [saved, setSaved] = useState(own);
	const [texts, setTexts] = useState(own);
	const [busy, setBusy] = useState(false);
	const [outcome, setOutcome] = useState<{ done: string } | { problem: string }>();
	const plain = { about: plainInstruction(texts.about), answer: plainInstruction(texts.answer) };
	const isFaulty = instructionFault("about", plain.about) !== undefined || instructionFault("answer", plain.answer) !== undefined;
	const isChanged = plain.about !== saved.about || plain.answer !== saved.answer;

	function change(part: keyof OwnInstructions, text: string) {
		setTexts((before) => ({ ...before, [part]: text }));
		setOutcome(undefined);
	}

	async function save(event: FormEvent) {
		event.preventDefault();
		if (busy || isFaulty) return;
		setBusy(true);
		try {
			const stored = await saveInstructions(plain);
			setSaved(stored);
			tellTabs("instructions", "saved");
			setOutcome({ done: ownTokens(stored) === 0 ? t("account_saved_nothing_sent") : t("account_saved_sent") });
		} catch (error) {
			setOutcome({ problem: error instanceof Error ? error.message : t("chat_not_saved") });
		}
		setBusy(false);
	}

	return (
		<Section title={t("account_instructions")} anchor="instructions">
			<p className="text-soft">{t("account_instructions_about")}</p>
			<form className="mt-4 flex flex-col gap-4" onSubmit={(event) => void save(event)}>
				<InstructionField
					part="about"
					label={t("account_about_you")}
					hint={t("account_about_you_hint")}
					value={texts.about}
					onChange={(text) => change("about", text)}
				/>
				<InstructionField
					part="answer"
					label={t("account_how_to_answer")}
					hint={t("account_how_to_answer_hint")}
					value={texts.answer}
					onChange={(text) => change("answer", text)}
				/>
				{site > 0 && <p className="text-small text-soft">{t("account_site_tokens", { count: site })}</p>}
				<div className="flex flex-wrap items-center gap-x-4 gap-y-2">
					{/* Before hydration, submitting would reload the page. */}
					<button type="submit" className="button-plain" disabled={!hydrated || busy || isFaulty || !isChanged}>
						{t("frame_save")}
					</button>
					<p role="status" className={`text-small ${outcome && "problem" in outcome ? "text-warn" : "text-soft"}`}>
						{outcome && ("problem" in outcome ? outcome.problem : outcome.done)}
					</p>
				</div>
			</form>
		</Section>
	);
}
