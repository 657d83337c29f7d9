from creditcalc import bundled


def test_checkout_holds_notebooks_and_sample():
    assert (bundled.bundled("notebooks") / "county_report.ipynb").is_file()
    assert (bundled.bundled("data/sample") / "indicators.csv").is_file()


def test_installed_package_holds_its_own(tmp_path, monkeypatch):
    (tmp_path / "creditcalc" / "bundled" / "notebooks").mkdir(parents=True)
    monkeypatch.setattr(bundled, "PACKAGE", tmp_path / "creditcalc")
    assert bundled.bundled("notebooks") == tmp_path / "creditcalc" / "bundled" / "notebooks"
