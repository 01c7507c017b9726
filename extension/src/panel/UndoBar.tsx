import { Button } from './common/Button.tsx';
import { useSession, useSlice } from './session-context.ts';

/** What was just done, with a way back. */
export function UndoBar() {
  const session = useSession();
  const undo = useSlice((state) => state.undo);
  if (!undo) return null;
  return (
    <div className="salt-undo">
      <span className="salt-grow">{undo.text}</span>
      <Button kind="link" onPress={() => session.undo()}>
        {session.strings.undo}
      </Button>
    </div>
  );
}
