"""The trees of the denial model: LightGBM's, asked for many claims at once or, by its fast call, for one.

For one claim nearly all of `Booster.predict` is preparation. LightGBM's C interface does that once
(LGBM_BoosterPredictForMatSingleRowFastInit) and then answers in microseconds; the answer is the same to the bit. The
fast call writes to memory that it was given, so each thread has its own.
"""

from __future__ import annotations

import ctypes
import threading
from array import array
from collections.abc import Sequence
from typing import Any

from billing_core.errors import BillingError

# LightGBM's C API (include/LightGBM/c_api.h): C_API_PREDICT_RAW_SCORE, C_API_PREDICT_CONTRIB, C_API_DTYPE_FLOAT64.
_RAW_SCORE = 1
_CONTRIBUTIONS = 3
_FLOAT64 = 1
_ONE_THREAD = b"num_threads=1"


class TreesError(BillingError):
    """LightGBM's text does not hold trees, or trees over another number of columns."""


class _Seat:
    """One thread's place at the fast call: a row to write into, numbers to read out, and the prepared call."""

    def __init__(self, trees: Any, handle: Any, width: int, kind: int, numbers: int) -> None:
        self.row = (ctypes.c_double * width)()
        self.said = (ctypes.c_double * numbers)()
        self.length = ctypes.c_int64()
        self.config = ctypes.c_void_p()
        self._free = trees.LGBM_FastConfigFree
        status = trees.LGBM_BoosterPredictForMatSingleRowFastInit(
            handle, kind, 0, -1, _FLOAT64, ctypes.c_int32(width), _ONE_THREAD, ctypes.byref(self.config)
        )
        if status:
            raise TreesError("LightGBM's fast call could not be prepared", mend="install the locked LightGBM")
        self.asked = (self.config, self.row, ctypes.byref(self.length), self.said)

    def __del__(self) -> None:
        if self.config:
            self._free(self.config)


class Trees:
    """Trees from LightGBM's text. Raises TreesError for anything else."""

    def __init__(self, text: str, width: int) -> None:
        import lightgbm
        from lightgbm.basic import _LIB

        try:
            self._booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as error:
            raise TreesError("not LightGBM's trees", mend="train the model again") from error
        if self._booster.num_feature() != width:
            raise TreesError("trees over other columns", mend="train the model again")
        self._width = width
        self._library = _LIB
        self._call = _LIB.LGBM_BoosterPredictForMatSingleRowFast
        self._seats = threading.local()

    def raw(self, rows: Any, threads: int = 1) -> Any:
        """What the trees add to the log-odds of each row, n x width."""
        return self._booster.predict(rows, raw_score=True, num_threads=threads)

    def raw_of(self, row: Sequence[float]) -> float:
        """The same for one row, to the bit."""
        said: float = self._asked(row, _RAW_SCORE, 1)[0]
        return said

    def _asked(self, row: Sequence[float], kind: int, numbers: int) -> Any:
        """The numbers of that kind that the fast call says of one row; they stand until this thread asks again."""
        seats: dict[Any, Any] = self._seats.__dict__  # of this thread alone
        seat: _Seat | None = seats.get(kind)
        if seat is None:
            seat = seats[kind] = _Seat(self._library, self._booster._handle, self._width, kind, numbers)
        ctypes.memmove(seat.row, array("d", row).buffer_info()[0], 8 * self._width)
        if self._call(*seat.asked):
            raise TreesError("LightGBM's fast call failed", mend="load the model again")
        return seat.said

    def contributions(self, rows: Any) -> Any:
        """Exact Shapley values, n x (width + 1); the last column is the trees' mean."""
        return self._booster.predict(rows, pred_contrib=True, num_threads=1)

    def contributions_of(self, row: Sequence[float]) -> Sequence[float]:
        """The same for one row, width + 1, to the bit."""
        said: Sequence[float] = self._asked(row, _CONTRIBUTIONS, self._width + 1)[:]
        return said
