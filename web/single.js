/* What single.html has room for: one classifier's evaluations, one shown at a time. */
weft.single = (name, evaluations) => {
  const { $, fill } = weft;
  function show(k) {
    const { evaluation, said } = evaluations[k];
    fill("judged", said);
    weft.classReport("report", evaluation);
    weft.confusion("confusion", evaluation, name);
    weft.calibration("calibration", evaluation, name);
    weft.coverage("coverage", [{ name, evaluation, i: 0 }]);
  }
  $("closer").hidden = evaluations.length === 0;
  weft.chooser("chooser", "Pictures that were judged", evaluations.map((e) => e.title), show);
  if (evaluations.length) show(0);
};
