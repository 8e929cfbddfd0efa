import { type ComponentType, useId, useRef, useState } from "react";
import { MoreIcon } from "../frame/icons.tsx";
import type { ModelMenuProps } from "./model-menu.tsx";
import { type Choice, levelsOf } from "./use-choice.ts";

export type ModelPickerProps = Omit<ModelMenuProps, "id" | "anchor" | "onClose">;

/** Whether there is anything to choose. */
export const isChoice = ({ models, choice, whole }: Pick<ModelPickerProps, "models" | "choice" | "whole">): boolean =>
	models.length > 1 || levelsOf(choice.model).length > 1 || whole !== undefined;

/** The chosen model and effort, on a button that opens the menu. The menu is loaded when it is first opened. */
export function ModelPicker(props: ModelPickerProps) {
	const id = useId();
	const anchor = useRef<HTMLButtonElement>(null);
	const [open, setOpen] = useState(false);
	const [Menu, setMenu] = useState<ComponentType<ModelMenuProps>>();

	function show() {
		// An open menu is closed by the browser, because the button names it.
		if (open) return;
		setOpen(true);
		if (!Menu) import("./model-menu.tsx").then((module) => setMenu(() => module.ModelMenu)).catch(() => setOpen(false));
	}

	return (
		<>
			<button
				ref={anchor}
				type="button"
				aria-haspopup="dialog"
				aria-expanded={open}
				popoverTarget={id}
				className="button-bare min-h-11 min-w-0 text-small"
				onClick={show}
			>
				<span className="sr-only">Model: </span>
				<span className="truncate">{nameOf(props.choice)}</span>
				<MoreIcon />
			</button>
			{open && Menu && <Menu {...props} id={id} anchor={anchor} onClose={() => setOpen(false)} />}
		</>
	);
}

function nameOf({ model, effort }: Choice): string {
	return levelsOf(model).length > 1 ? `${model.label} · ${effort}` : model.label;
}
