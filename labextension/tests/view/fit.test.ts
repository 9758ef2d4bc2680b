import { expect, onTestFinished, test, vi } from 'vitest';
import { fit } from '../../src/view/fit';
import { until } from './setup';

test('what was measured before a font was loaded is measured again', async () => {
  const place = document.createElement('div');
  Object.assign(place.style, { width: '50px', font: '13px of-a-theme' });
  document.body.append(place);
  onTestFinished(() => place.remove());
  const measureText = vi.spyOn(CanvasRenderingContext2D.prototype, 'measureText');
  const widthsAre = (width: number): void => void measureText.mockReturnValue({ width } as TextMetrics);
  const fitted = (): string => {
    fit(place, ['as a whole', 'short']);
    return place.innerText;
  };

  widthsAre(40);
  fitted();
  await until(() => place.innerText === 'as a whole', 'there is room for the whole');
  widthsAre(60);
  expect(fitted()).toBe('as a whole'); // it isn't measured each time
  document.fonts.dispatchEvent(new Event('loadingdone'));
  expect(fitted()).toBe('short');
});
