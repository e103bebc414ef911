import type { Connection } from '@relay/core/connection'
import type { Checked } from '@relay/delivery/provision'
import { type Column, renderPairs } from './print.ts'

/** The public form of a connection: everything but its secrets. */
export function connectionJson(connection: Connection): Readonly<Record<string, unknown>> {
  const { status } = connection
  return {
    connection_id: connection.id,
    tenant_id: connection.tenantId,
    platform: connection.platform,
    name: connection.name,
    status: status.state,
    ...(status.state === 'active' ? {} : { since: instant(status.since) }),
    ...(status.state === 'error' ? { code: status.code, message: status.message, action_required: status.actionRequired } : {}),
    created_at: instant(connection.createdAt),
    credentials_saved_at: instant(connection.credentialsSavedAt),
    settings: connection.settings,
  }
}

export const CONNECTION_COLUMNS: readonly Column<Connection>[] = [
  { title: 'CONNECTION', value: (connection) => connection.id },
  { title: 'TENANT', value: (connection) => connection.tenantId },
  { title: 'PLATFORM', value: (connection) => connection.platform },
  { title: 'NAME', value: (connection) => connection.name },
  { title: 'STATUS', value: statusText },
]

export function connectionLines(connection: Connection): string {
  const { status } = connection
  return renderPairs([
    ['connection', connection.id],
    ['tenant', connection.tenantId],
    ['platform', connection.platform],
    ['name', connection.name],
    ['status', statusText(connection)],
    ...(status.state === 'error'
      ? ([
          ['why', status.message],
          ['do', status.actionRequired],
        ] as const)
      : []),
    ['created', instant(connection.createdAt)],
    ['credentials', `saved ${instant(connection.credentialsSavedAt)} (sealed)`],
    ...Object.entries(connection.settings).map(
      ([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)] as const,
    ),
  ])
}

/** The answer of a check that passed; `apis` where the platform has several. */
export const checkedJson = ({ connection, check, why, apis }: Checked): Readonly<Record<string, unknown>> => ({
  connection_id: connection.id,
  status: connection.status.state,
  check,
  why,
  ...(apis === undefined ? {} : { apis }),
})

const USABLE = { yes: 'can be used', no: 'cannot be used', unknown: 'may or may not be usable' } as const

export function checkedLines({ connection, check, why, apis, replayed }: Checked, done: string): string {
  const lines = [`${connection.platform} connection ${connection.id} ${done}: ${statusText(connection)}, credentials ${check}`]
  if (why !== null) lines.push(why)
  for (const { api, usable, why: because } of apis ?? []) {
    lines.push(`api ${api}: ${USABLE[usable]}${because === undefined || because === why ? '' : ` (${because})`}`)
  }
  if (replayed > 0) lines.push(`${replayed} dead letter${replayed === 1 ? '' : 's'} put back into the queue`)
  return lines.join('\n')
}

function statusText({ status }: Connection): string {
  if (status.state === 'active') return 'active'
  const since = instant(status.since)
  return status.state === 'error' ? `error ${status.code} since ${since}` : `disabled since ${since}`
}

const instant = (ms: number): string => new Date(ms).toISOString()
