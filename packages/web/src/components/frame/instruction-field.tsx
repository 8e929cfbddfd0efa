import { useId } from "react";
import { INSTRUCTIONS_MAX, type InstructionPart, instructionFault, instructionTokens, plainInstruction } from "../../instructions.ts";
import { number } from "../../text/format.ts";
import { t } from "../../text/text.ts";

interface InstructionFieldProps {
	part: Exclude<InstructionPart, "site">;
	label: string;
	hint: string;
	value: string;
	onChange: (text: string) => void;
}

/**
 * Edits a text that is sent with every message, and shows its size.
 * A text over the limit is kept whole, because truncating would lose the end of a paste.
 */
export function InstructionField({ part, label, hint, value, onChange }: InstructionFieldProps) {
	const id = useId();
	const fault = instructionFault(part, plainInstruction(value));
	return (
		<div className="flex flex-col gap-1">
			<label htmlFor={id} className="font-medium">
				{label}
			</label>
			<textarea
				id={id}
				dir="auto"
				rows={4}
				placeholder={hint}
				value={value}
				onChange={(event) => onChange(event.target.value)}
				aria-invalid={fault ? true : undefined}
				aria-describedby={`${id}-size ${id}-fault`}
				className="field field-sizing-content max-h-[40dvh] min-h-28 resize-y"
			/>
			<p id={`${id}-size`} className="text-small text-soft empty:hidden">
				<Size part={part} text={value} />
			</p>
			<p id={`${id}-fault`} role="status" className="text-small text-warn empty:hidden">
				{fault}
			</p>
		</div>
	);
}

function Size({ part, text }: { part: InstructionFieldProps["part"]; text: string }) {
	const plain = plainInstruction(text);
	// Measuring an arbitrarily long text would block typing.
	if (plain.length > INSTRUCTIONS_MAX[part].chars) return null;
	return t("instructions_tokens_of", { tokens: number(instructionTokens(part, plain)), max: number(INSTRUCTIONS_MAX[part].tokens) });
}
