import type { Section } from '../../store/settings.ts';
import { useSession, useSlice } from '../session-context.ts';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';

/** What went wrong in a section and what to do next, until it is dismissed or the action succeeds. */
export function Problems({ where }: { readonly where: Section }) {
  const session = useSession();
  const all = useSlice(({ problems }) => problems);
  const here = all.filter((problem) => problem.where === where);
  if (here.length === 0) return null;
  return (
    <div className="salt-body">
      {here.map(({ id, title, message }) => (
        <div key={id} className="salt-card" data-kind="problem" role="alert">
          <div className="salt-row">
            <strong className="salt-grow">{title}</strong>
            <Button kind="icon" label={session.strings.dismiss} onPress={() => session.dismiss(id)}>
              <Icon name="close" />
            </Button>
          </div>
          <p className="salt-small">{message}</p>
        </div>
      ))}
    </div>
  );
}
