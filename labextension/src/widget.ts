import { CommSource } from './data/comm_source';
import type { ViewModule } from './provider';
import { RunView } from './view/run_view';

/** The view of a widget's run: one source a model, one view a place where it is shown. */
export const follow: ViewModule['follow'] = (model, early) => {
  const source = new CommSource(model);
  for (const [content, buffers] of early) source.receive(content, buffers);
  source.hello();
  return {
    show: el => {
      const view = new RunView(source);
      el.append(view.element);
      return () => view.dispose();
    },
    stop: () => source.dispose(),
  };
};
