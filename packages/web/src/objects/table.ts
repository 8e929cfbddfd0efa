/** How a field of a row is stored: its SQL definition, and the check of stored values before use. */
export interface Column<T> {
	sql: string;
	/** Describes valid values for the error message. */
	expected: string;
	/** The field's value, or undefined if the stored value is invalid. */
	read(stored: SqlStorageValue): T | undefined;
}

export const text: Column<string> = {
	sql: "TEXT NOT NULL",
	expected: "a text",
	read: (stored) => (typeof stored === "string" ? stored : undefined),
};

export const integer: Column<number> = {
	sql: "INTEGER NOT NULL",
	expected: "an integer",
	read: (stored) => (Number.isSafeInteger(stored) ? Number(stored) : undefined),
};

/** Epoch milliseconds. */
export const instant: Column<number> = {
	sql: "INTEGER NOT NULL",
	expected: "an instant",
	read: (stored) => (typeof stored === "number" && Number.isFinite(stored) ? stored : undefined),
};

export const flag: Column<boolean> = {
	sql: "INTEGER NOT NULL",
	expected: "0 or 1",
	read: (stored) => (stored === 0 || stored === 1 ? stored === 1 : undefined),
};

/** A text restricted to `values`. */
export function oneOf<T extends string>(...values: readonly T[]): Column<T> {
	return { sql: "TEXT NOT NULL", expected: values.join(" or "), read: (stored) => values.find((value) => value === stored) };
}

/** A JSON value, checked by `is` after parsing. */
export function json<T>(expected: string, is: (value: unknown) => value is T): Column<T> {
	return {
		sql: "TEXT NOT NULL",
		expected,
		read: (stored) => {
			const value: unknown = typeof stored === "string" ? parse(stored) : undefined;
			return is(value) ? value : undefined;
		},
	};
}

/** The same column, nullable. */
export function nullable<T>(column: Column<T>): Column<T | null> {
	return {
		sql: column.sql.replace(" NOT NULL", ""),
		expected: `${column.expected} or nothing`,
		read: (stored) => (stored === null ? null : column.read(stored)),
	};
}

/** The same check with another SQL definition, such as a primary key or default. */
export function defined<T>(column: Column<T>, sql: string): Column<T> {
	return { ...column, sql };
}

/** A table's columns by field. A column is named like its field in snake_case, unless `names` overrides it. */
export type Columns<Row> = { [Field in keyof Row]-?: Column<Row[Field]> };

interface Stored<Row> {
	field: keyof Row & string;
	name: string;
	column: Column<unknown>;
}

interface Options {
	suffix?: string;
	names?: Record<string, string>;
	key?: string[];
}

/**
 * One table of a Durable Object. Its SQL, its writes and the checks on load all derive from one list of columns. All of it is
 * synchronous (docs/decisions/0008).
 */
export class Table<Row extends object> {
	/** The `CREATE TABLE` statement. */
	readonly create: string;
	readonly name: string;
	readonly #columns: readonly Stored<Row>[];
	readonly #insert: string;

	/** `suffix`: `WITHOUT ROWID` makes a write one row instead of two if the key is a text. `key`: the columns of a composite key. */
	constructor(name: string, columns: Columns<Row>, { suffix = "", names = {}, key = [] }: Options = {}) {
		this.name = name;
		this.#columns = Object.entries<Column<unknown>>(columns).map(([field, column]) => ({
			// The keys of `columns` are the fields of Row.
			field: field as keyof Row & string,
			name: names[field] ?? snakeCase(field),
			column,
		}));
		const columnNames = this.#columns.map((one) => one.name);
		const definitions = this.#columns.map((one) => `${one.name} ${one.column.sql}`);
		if (key.length > 0) definitions.push(`PRIMARY KEY (${key.join(", ")})`);
		this.create = `CREATE TABLE ${name} (${definitions.join(", ")}) ${suffix};`;
		this.#insert = `INSERT OR REPLACE INTO ${name} (${columnNames.join(", ")}) VALUES (${columnNames.map(() => "?").join(", ")})`;
	}

	exists(sql: SqlStorage): boolean {
		return sql.exec("SELECT 1 FROM sqlite_master WHERE name = ? LIMIT 1", this.name).toArray().length > 0;
	}

	/** Adds columns that an older version lacks. Each needs a default or must be nullable. @returns their names */
	addMissingColumns(sql: SqlStorage): string[] {
		const existing = new Set(
			sql
				.exec<{ name: string }>(`PRAGMA table_info(${this.name})`)
				.toArray()
				.map(({ name }) => name),
		);
		const missing = this.#columns.filter(({ name }) => !existing.has(name));
		for (const { name, column } of missing) sql.exec(`ALTER TABLE ${this.name} ADD COLUMN ${name} ${column.sql}`);
		return missing.map(({ name }) => name);
	}

	/**
	 * Reads and checks rows. `clauses` follows FROM.
	 * @throws when a stored value does not match its column
	 */
	*read(sql: SqlStorage, clauses = "", ...bindings: SqlStorageValue[]): Iterable<Row> {
		for (const stored of sql.exec(`SELECT * FROM ${this.name} ${clauses}`, ...bindings)) yield this.fromRecord(stored);
	}

	/** The first of these rows. @throws like `read` */
	first(sql: SqlStorage, clauses = "", ...bindings: SqlStorageValue[]): Row | undefined {
		for (const stored of sql.exec(`SELECT * FROM ${this.name} ${clauses}`, ...bindings)) return this.fromRecord(stored);
		return undefined;
	}

	/** Inserts a row, or replaces the one with the same key. An absent field gets its column's default. */
	write(sql: SqlStorage, row: Row): void {
		sql.exec(this.#insert, ...this.#columns.map(({ field }) => toStored(row[field])));
	}

	/** Converts a row to its stored form. */
	toRecord(row: Row): Record<string, SqlStorageValue> {
		return Object.fromEntries(this.#columns.map(({ field, name }) => [name, toStored(row[field])]));
	}

	/** @throws when a stored value does not match its column */
	fromRecord(stored: Record<string, SqlStorageValue>): Row {
		const row: Record<string, unknown> = {};
		for (const { field, name, column } of this.#columns) {
			const value = column.read(stored[name] ?? null);
			// Never the value itself, which may be a user's message.
			if (value === undefined) throw new Error(`invariant: ${this.name}.${name} on disk is not ${column.expected}`);
			row[field] = value;
		}
		// Every field of Row has a column, and each has passed its check.
		return row as Row;
	}
}

/** heldAtMs -> held_at_ms */
function snakeCase(field: string): string {
	return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toStored(value: unknown): SqlStorageValue {
	if (typeof value === "string" || typeof value === "number") return value;
	if (typeof value === "boolean") return Number(value);
	return value === null || value === undefined ? null : JSON.stringify(value);
}

function parse(stored: string): unknown {
	try {
		return JSON.parse(stored);
	} catch {
		// The column's check reports the invalid value.
		return undefined;
	}
}

/** Whether a value is an object with string keys (not null or an array). */
export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
