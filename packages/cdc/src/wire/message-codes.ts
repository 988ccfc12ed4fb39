/** First bytes of messages: Postgres 18, protocol-message-formats, protocol-replication, protocol-logicalrep-message-formats. */

export const COPY_DATA = 0x64; // d
export const COPY_DONE = 0x63; // c
export const COPY_BOTH_RESPONSE = 0x57; // W
export const ERROR_RESPONSE = 0x45; // E
export const NOTICE_RESPONSE = 0x4e; // N
export const READY_FOR_QUERY = 0x5a; // Z
export const COMMAND_COMPLETE = 0x43; // C
export const PARAMETER_STATUS = 0x53; // S

// Within CopyData of a replication stream
export const XLOG_DATA = 0x77; // w
export const KEEPALIVE = 0x6b; // k

// pgoutput
export const BEGIN = 0x42; // B
export const COMMIT = 0x43; // C
export const ORIGIN = 0x4f; // O
export const RELATION = 0x52; // R
export const TYPE = 0x59; // Y
export const INSERT = 0x49; // I
export const UPDATE = 0x55; // U
export const DELETE = 0x44; // D
export const TRUNCATE = 0x54; // T
export const LOGICAL_MESSAGE = 0x4d; // M

// Kinds of tuples
export const KEY_TUPLE = 0x4b; // K
export const OLD_TUPLE = 0x4f; // O

// Kinds of column values
export const NULL_VALUE = 0x6e; // n
export const UNCHANGED_VALUE = 0x75; // u
export const TEXT_VALUE = 0x74; // t
