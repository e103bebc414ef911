import type { Connection } from '@relay/core/connection'
import type { Checked, ProvisionRefusal } from '@relay/delivery/provision'
import { CliError, EXIT } from './exit.ts'
import { unknownTenant } from './named-tenant.ts'

/** What was asked about, for the sentence. */
interface Subject {
  readonly tenant?: string
  readonly connection?: string
}

/** What passed its check; a refusal ends the command. */
export function checkedOrThrow(result: Checked | ProvisionRefusal, subject: Subject): Checked {
  if (result.kind === 'checked') return result
  throw refusalError(result, subject)
}

/** The connection that was named, or exit 3. */
export function knownOrThrow(id: string, connection: Connection | undefined): Connection {
  if (connection === undefined) throw unknownConnection(id)
  return connection
}

/** A refusal as the error that ends the command. Refused credentials have the platform's own words in their details. */
function refusalError(refusal: ProvisionRefusal, subject: Subject): CliError {
  switch (refusal.kind) {
    case 'unknown-tenant':
      return unknownTenant(subject.tenant ?? '')
    case 'unknown-connection':
      return unknownConnection(subject.connection ?? '')
    case 'malformed':
      return new CliError(
        EXIT.usage,
        'INVALID_CONNECTION',
        `${refusal.faults.length === 1 ? 'A field is' : 'Fields are'} wrong:\n${listFaults(refusal.faults)}`,
        {
          nextStep: 'Correct the input; nothing was saved. relay connections add --help shows its form',
          details: { faults: refusal.faults },
        },
      )
    case 'refused':
      return invalidCredentials(refusal, subject)
    case 'unreachable':
      return new CliError(EXIT.failed, 'CHECK_FAILED', `The credentials could not be checked: ${refusal.message}`, {
        nextStep: 'Nothing was changed. Try again when the platform answers',
      })
    case 'unreadable':
      return new CliError(EXIT.failed, 'CREDENTIALS_UNREADABLE', `The saved credentials cannot be opened: ${refusal.message}`, {
        nextStep: 'Check RELAY_MASTER_KEY_FILE, or save new ones with relay connections update',
      })
    case 'already-connected':
      return new CliError(EXIT.refused, 'ALREADY_CONNECTED', `This tenant has that account already, as ${refusal.connectionId}`, {
        nextStep: `To give it new credentials: relay connections update ${refusal.connectionId}`,
        details: { connection_id: refusal.connectionId },
      })
  }
}

const unknownConnection = (id: string): CliError =>
  new CliError(EXIT.notFound, 'UNKNOWN_CONNECTION', `There is no connection ${id}`, {
    nextStep: 'See all with relay connections list',
    details: { connection_id: id },
  })

function invalidCredentials({ report }: Extract<ProvisionRefusal, { kind: 'refused' }>, { connection }: Subject): CliError {
  const { error_message: words, field } = report.details
  const other = report.apis?.find(({ usable }) => usable === 'yes')
  const otherApi = other === undefined ? '' : `. The account can use api ${other.api}: set settings.api`
  const cure =
    connection === undefined
      ? `Correct ${field} and try again; nothing was saved`
      : `Correct ${field}: relay connections update ${connection}; nothing was changed`
  return new CliError(EXIT.refused, 'INVALID_CREDENTIALS', report.message, {
    nextStep: `The platform says: ${words}. ${cure}${otherApi}`,
    details: { ...report.details, ...(report.apis === undefined ? {} : { apis: report.apis }) },
  })
}

const listFaults = (faults: readonly { readonly path: string; readonly message: string }[]): string =>
  faults.map((fault) => `  ${fault.path === '' ? 'input' : fault.path}: ${fault.message}`).join('\n')
