/** The part of cli-progress that is used here; the package brings no types. */
declare module 'cli-progress' {
  export interface BarOptions {
    readonly format: string
    readonly stream?: NodeJS.WritableStream
    readonly clearOnComplete?: boolean
    readonly hideCursor?: boolean
    /** Characters wide. */
    readonly barsize?: number
    readonly noTTYOutput?: boolean
    /** Redraws a second. */
    readonly fps?: number
  }
  export class SingleBar {
    constructor(options: BarOptions)
    start(total: number, startValue: number, payload?: Readonly<Record<string, string | number>>): void
    update(current: number, payload?: Readonly<Record<string, string | number>>): void
    stop(): void
  }
  export class MultiBar {
    constructor(options: BarOptions)
    create(total: number, startValue: number, payload?: Readonly<Record<string, string | number>>, options?: Partial<BarOptions>): SingleBar
    log(text: string): void
    stop(): void
  }
}
