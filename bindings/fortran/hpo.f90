! libhpo from Fortran 2018: every function of the C API, and a few helpers (hpo_f_...) for texts, choices and messages.
!
! One file: copy it. Handles are type(c_ptr); texts given to libhpo end with c_null_char; hpo_error is optional and comes last, so that
! it may be left out. Fortran has no unsigned integers: a uint64_t above huge() reads as negative, SIZE_MAX as -1, the part 255 of
! hpo_split_time() as -1. See docs/ffi.md for what may cross the C boundary and how.
module hpo
  use, intrinsic :: iso_c_binding
  implicit none
  public

  ! Statuses.
  integer(c_int32_t), parameter :: HPO_OK = 0, HPO_PRUNED = 1, HPO_STOPPED = 2, HPO_EXHAUSTED = 3
  integer(c_int32_t), parameter :: HPO_E_INVALID = -1, HPO_E_NOMEM = -2, HPO_E_STATE = -3, HPO_E_NOT_FOUND = -4, HPO_E_EXISTS = -5
  integer(c_int32_t), parameter :: HPO_E_UNSUPPORTED = -6, HPO_E_BUSY = -7, HPO_E_IO = -8, HPO_E_CORRUPT = -9, HPO_E_ABI = -10
  integer(c_int32_t), parameter :: HPO_E_NUMERIC = -11, HPO_E_BUFFER = -12, HPO_E_STALE = -13, HPO_E_CALLBACK = -14
  integer(c_int32_t), parameter :: HPO_E_INTERNAL = -99, HPO_E_HOST = -1000
  ! Scales, kinds of parameters, states of trials, levels of log messages, parts of a split, version of the strategy table.
  integer(c_int32_t), parameter :: HPO_LINEAR = 0, HPO_LOG = 1
  integer(c_int32_t), parameter :: HPO_FLOAT = 0, HPO_INT = 1, HPO_CATEGORICAL = 2, HPO_ORDINAL = 3, HPO_BOOL = 4
  integer(c_int32_t), parameter :: HPO_RUNNING = 0, HPO_COMPLETE = 1, HPO_TRIAL_PRUNED = 2, HPO_FAILED = 3, HPO_WAITING = 4
  integer(c_int32_t), parameter :: HPO_LOG_ERROR = 1, HPO_LOG_WARNING = 2, HPO_LOG_INFO = 3, HPO_LOG_DEBUG = 4
  integer(c_int8_t), parameter :: HPO_TRAIN = 0, HPO_VALIDATION = 1, HPO_TEST = 2, HPO_UNUSED = -1_c_int8_t ! 255 as an unsigned byte
  integer(c_int32_t), parameter :: HPO_STRATEGY_ABI = 1

  type, bind(c) :: hpo_error
    integer(c_int32_t) :: code = 0
    integer(c_int32_t) :: sys_errno = 0
    character(kind=c_char) :: message(504) = c_null_char
  end type

  type, bind(c) :: hpo_allocator
    integer(c_int32_t) :: struct_size, reserved
    type(c_ptr) :: user
    type(c_funptr) :: resize
  end type

  type, bind(c) :: hpo_setting
    type(c_ptr) :: name, type, initial, range, help
  end type

  type, bind(c) :: hpo_strategy_ops
    integer(c_int32_t) :: struct_size, abi_version
    type(c_ptr) :: name, help
    type(c_funptr) :: create, destroy, ask, observe, total
    type(c_ptr) :: settings
  end type

  ! What your callbacks must look like; pass c_funloc(procedure).
  abstract interface
    integer(c_int32_t) function hpo_objective(trial, values, user) bind(c)
      import
      type(c_ptr), value :: trial, user
      real(c_double), intent(inout) :: values(*)
    end function

    integer(c_int32_t) function hpo_trial_callback(trial, user) bind(c)
      import
      type(c_ptr), value :: trial, user
    end function

    subroutine hpo_log_callback(level, message, user) bind(c)
      import
      integer(c_int32_t), value :: level
      type(c_ptr), value :: message, user
    end subroutine

    subroutine hpo_destroy(user) bind(c)
      import
      type(c_ptr), value :: user
    end subroutine
  end interface

  interface
    ! hpo/version.h
    integer(c_int32_t) function hpo_version() bind(c)
      import
    end function
    type(c_ptr) function hpo_version_string() bind(c)
      import
    end function
    type(c_ptr) function hpo_build_info() bind(c)
      import
    end function
    ! hpo/status.h
    type(c_ptr) function hpo_status_name(status) bind(c)
      import
      integer(c_int32_t), value :: status
    end function
    ! hpo/space.h
    type(c_ptr) function hpo_space_new(allocator) bind(c)
      import
      type(c_ptr), value :: allocator
    end function
    subroutine hpo_space_free(space) bind(c)
      import
      type(c_ptr), value :: space
    end subroutine
    integer(c_int32_t) function hpo_space_status(space, err) bind(c)
      import
      type(c_ptr), value :: space
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_add_float(space, name, low, high, scale, err) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(in) :: name(*)
      real(c_double), value :: low, high
      integer(c_int32_t), value :: scale
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_add_int(space, name, low, high, scale, err) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(in) :: name(*)
      integer(c_int64_t), value :: low, high
      integer(c_int32_t), value :: scale
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_add_categorical(space, name, choices, n, err) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(in) :: name(*)
      type(c_ptr), intent(in) :: choices(*)
      integer(c_size_t), value :: n
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_add_ordinal(space, name, levels, n, err) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(in) :: name(*)
      real(c_double), intent(in) :: levels(*)
      integer(c_size_t), value :: n
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_add_bool(space, name, err) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(in) :: name(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_set_step(space, name, step, err) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(in) :: name(*)
      real(c_double), value :: step
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_set_default(space, name, value, err) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(in) :: name(*), value(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_when(space, child, parent, values, n, err) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(in) :: child(*), parent(*)
      type(c_ptr), intent(in) :: values(*)
      integer(c_size_t), value :: n
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_size_t) function hpo_space_size(space) bind(c)
      import
      type(c_ptr), value :: space
    end function
    type(c_ptr) function hpo_space_name(space, index) bind(c)
      import
      type(c_ptr), value :: space
      integer(c_size_t), value :: index
    end function
    integer(c_size_t) function hpo_space_index(space, name) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(in) :: name(*)
    end function
    integer(c_int32_t) function hpo_space_kind(space, index) bind(c)
      import
      type(c_ptr), value :: space
      integer(c_size_t), value :: index
    end function
    integer(c_int64_t) function hpo_space_cardinality(space, index) bind(c)
      import
      type(c_ptr), value :: space
      integer(c_size_t), value :: index
    end function
    type(c_ptr) function hpo_space_choice(space, index, choice) bind(c)
      import
      type(c_ptr), value :: space
      integer(c_size_t), value :: index, choice
    end function
    integer(c_int32_t) function hpo_space_decode(space, unit, n, values, err) bind(c)
      import
      type(c_ptr), value :: space
      real(c_double), intent(in) :: unit(*)
      integer(c_size_t), value :: n
      real(c_double), intent(out) :: values(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_encode(space, values, n, unit, err) bind(c)
      import
      type(c_ptr), value :: space
      real(c_double), intent(in) :: values(*)
      integer(c_size_t), value :: n
      real(c_double), intent(out) :: unit(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_to_json(space, buf, cap, need, err) bind(c)
      import
      type(c_ptr), value :: space
      character(kind=c_char), intent(out) :: buf(*)
      integer(c_size_t), value :: cap
      integer(c_size_t), intent(out) :: need
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_space_from_json(json, len, allocator, out, err) bind(c)
      import
      character(kind=c_char), intent(in) :: json(*)
      integer(c_size_t), value :: len
      type(c_ptr), value :: allocator
      type(c_ptr), intent(out) :: out
      type(hpo_error), intent(inout), optional :: err
    end function
    ! hpo/point.h
    integer(c_int32_t) function hpo_point_new(space, out, err) bind(c)
      import
      type(c_ptr), value :: space
      type(c_ptr), intent(out) :: out
      type(hpo_error), intent(inout), optional :: err
    end function
    subroutine hpo_point_free(point) bind(c)
      import
      type(c_ptr), value :: point
    end subroutine
    integer(c_int32_t) function hpo_point_set(point, name, value, err) bind(c)
      import
      type(c_ptr), value :: point
      character(kind=c_char), intent(in) :: name(*), value(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_point_set_number(point, name, value, err) bind(c)
      import
      type(c_ptr), value :: point
      character(kind=c_char), intent(in) :: name(*)
      real(c_double), value :: value
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_point_set_values(point, values, n, err) bind(c)
      import
      type(c_ptr), value :: point
      real(c_double), intent(in) :: values(*)
      integer(c_size_t), value :: n
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_point_set_unit(point, unit, n, err) bind(c)
      import
      type(c_ptr), value :: point
      real(c_double), intent(in) :: unit(*)
      integer(c_size_t), value :: n
      type(hpo_error), intent(inout), optional :: err
    end function
    ! hpo/settings.h
    integer(c_size_t) function hpo_setting_count() bind(c)
      import
    end function
    type(c_ptr) function hpo_setting_name(i) bind(c)
      import
      integer(c_size_t), value :: i
    end function
    type(c_ptr) function hpo_setting_type(i) bind(c)
      import
      integer(c_size_t), value :: i
    end function
    type(c_ptr) function hpo_setting_default(i) bind(c)
      import
      integer(c_size_t), value :: i
    end function
    type(c_ptr) function hpo_setting_range(i) bind(c)
      import
      integer(c_size_t), value :: i
    end function
    type(c_ptr) function hpo_setting_help(i) bind(c)
      import
      integer(c_size_t), value :: i
    end function
    real(c_double) function hpo_settings_number(settings, key) bind(c)
      import
      type(c_ptr), value :: settings
      character(kind=c_char), intent(in) :: key(*)
    end function
    type(c_ptr) function hpo_settings_text(settings, key) bind(c)
      import
      type(c_ptr), value :: settings
      character(kind=c_char), intent(in) :: key(*)
    end function
    ! hpo/study.h
    integer(c_int32_t) function hpo_study_new(space, out, err) bind(c)
      import
      type(c_ptr), value :: space
      type(c_ptr), intent(out) :: out
      type(hpo_error), intent(inout), optional :: err
    end function
    subroutine hpo_study_free(study) bind(c)
      import
      type(c_ptr), value :: study
    end subroutine
    type(c_ptr) function hpo_study_space(study) bind(c)
      import
      type(c_ptr), value :: study
    end function
    integer(c_int32_t) function hpo_study_set(study, key, value, err) bind(c)
      import
      type(c_ptr), value :: study
      character(kind=c_char), intent(in) :: key(*), value(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_get(study, key, buf, cap, need, err) bind(c)
      import
      type(c_ptr), value :: study
      character(kind=c_char), intent(in) :: key(*)
      character(kind=c_char), intent(out) :: buf(*)
      integer(c_size_t), value :: cap
      integer(c_size_t), intent(out), optional :: need
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_use_strategy(study, ops, user, destroy, err) bind(c)
      import
      type(c_ptr), value :: study, ops, user
      type(c_funptr), value :: destroy
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_on_log(study, level, log, user, err) bind(c)
      import
      type(c_ptr), value :: study, user
      integer(c_int32_t), value :: level
      type(c_funptr), value :: log
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_on_trial(study, done, user, err) bind(c)
      import
      type(c_ptr), value :: study, user
      type(c_funptr), value :: done
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_optimize(study, objective, user, n_trials, err) bind(c)
      import
      type(c_ptr), value :: study, user
      type(c_funptr), value :: objective
      integer(c_int64_t), value :: n_trials
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_ask(study, out, err) bind(c)
      import
      type(c_ptr), value :: study
      type(c_ptr), intent(out) :: out
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_tell(study, trial, state, values, n, err) bind(c)
      import
      type(c_ptr), value :: study, trial
      integer(c_int32_t), value :: state
      real(c_double), intent(in), optional :: values(*)
      integer(c_size_t), value :: n
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_enqueue(study, point, err) bind(c)
      import
      type(c_ptr), value :: study, point
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_add(study, point, state, values, n, err) bind(c)
      import
      type(c_ptr), value :: study, point
      integer(c_int32_t), value :: state
      real(c_double), intent(in), optional :: values(*)
      integer(c_size_t), value :: n
      type(hpo_error), intent(inout), optional :: err
    end function
    subroutine hpo_study_stop(study) bind(c)
      import
      type(c_ptr), value :: study
    end subroutine
    integer(c_int32_t) function hpo_study_total(study, trials, err) bind(c)
      import
      type(c_ptr), value :: study
      integer(c_int64_t), intent(out) :: trials
      type(hpo_error), intent(inout), optional :: err
    end function
    ! hpo/trial.h
    subroutine hpo_trial_free(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end subroutine
    integer(c_int64_t) function hpo_trial_number(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    integer(c_int64_t) function hpo_trial_seed(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    integer(c_int64_t) function hpo_trial_repeat(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    integer(c_int32_t) function hpo_trial_state(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    real(c_double) function hpo_trial_value(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    real(c_double) function hpo_trial_start_time(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    real(c_double) function hpo_trial_end_time(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    integer(c_int32_t) function hpo_trial_worker(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    real(c_double) function hpo_trial_float(trial, name) bind(c)
      import
      type(c_ptr), value :: trial
      character(kind=c_char), intent(in) :: name(*)
    end function
    integer(c_int64_t) function hpo_trial_int(trial, name) bind(c)
      import
      type(c_ptr), value :: trial
      character(kind=c_char), intent(in) :: name(*)
    end function
    type(c_ptr) function hpo_trial_categorical(trial, name) bind(c)
      import
      type(c_ptr), value :: trial
      character(kind=c_char), intent(in) :: name(*)
    end function
    integer(c_int32_t) function hpo_trial_is_active(trial, name) bind(c)
      import
      type(c_ptr), value :: trial
      character(kind=c_char), intent(in) :: name(*)
    end function
    integer(c_size_t) function hpo_trial_values_by_index(trial, values, n) bind(c)
      import
      type(c_ptr), value :: trial
      real(c_double), intent(out) :: values(*)
      integer(c_size_t), value :: n
    end function
    integer(c_int32_t) function hpo_trial_report(trial, step, value, err) bind(c)
      import
      type(c_ptr), value :: trial
      integer(c_int64_t), value :: step
      real(c_double), value :: value
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_size_t) function hpo_trial_report_count(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    integer(c_int32_t) function hpo_trial_report_at(trial, i, step, value, err) bind(c)
      import
      type(c_ptr), value :: trial
      integer(c_size_t), value :: i
      integer(c_int64_t), intent(out), optional :: step
      real(c_double), intent(out), optional :: value
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_trial_set_attribute(trial, key, json, err) bind(c)
      import
      type(c_ptr), value :: trial
      character(kind=c_char), intent(in) :: key(*), json(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    type(c_ptr) function hpo_trial_attribute(trial, key) bind(c)
      import
      type(c_ptr), value :: trial
      character(kind=c_char), intent(in) :: key(*)
    end function
    integer(c_size_t) function hpo_trial_attribute_count(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    type(c_ptr) function hpo_trial_attribute_key(trial, i) bind(c)
      import
      type(c_ptr), value :: trial
      integer(c_size_t), value :: i
    end function
    integer(c_int32_t) function hpo_trial_set_message(trial, message, err) bind(c)
      import
      type(c_ptr), value :: trial
      character(kind=c_char), intent(in) :: message(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    type(c_ptr) function hpo_trial_message(trial) bind(c)
      import
      type(c_ptr), value :: trial
    end function
    ! hpo/result.h
    integer(c_int64_t) function hpo_study_trial_count(study, state) bind(c)
      import
      type(c_ptr), value :: study
      integer(c_int32_t), value :: state
    end function
    integer(c_int32_t) function hpo_study_trial(study, number, out, err) bind(c)
      import
      type(c_ptr), value :: study
      integer(c_int64_t), value :: number
      type(c_ptr), intent(out) :: out
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_best(study, out, err) bind(c)
      import
      type(c_ptr), value :: study
      type(c_ptr), intent(out) :: out
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_default(study, out, err) bind(c)
      import
      type(c_ptr), value :: study
      type(c_ptr), intent(out) :: out
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_predict(study, values, m, mean, deviation, err) bind(c)
      import
      type(c_ptr), value :: study
      real(c_double), intent(in) :: values(*)
      integer(c_size_t), value :: m
      real(c_double), intent(out), optional :: mean(*), deviation(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_estimate(study, number, mean, standard_error, err) bind(c)
      import
      type(c_ptr), value :: study
      integer(c_int64_t), value :: number
      real(c_double), intent(out), optional :: mean, standard_error
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_relevance(study, relevance, err) bind(c)
      import
      type(c_ptr), value :: study
      real(c_double), intent(out) :: relevance(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_column(study, column, buf, cap, n, err) bind(c)
      import
      type(c_ptr), value :: study
      character(kind=c_char), intent(in) :: column(*)
      real(c_double), intent(out) :: buf(*)
      integer(c_size_t), value :: cap
      integer(c_size_t), intent(out) :: n
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_confirm(study, fresh, user, finalists, repeats, winner, err) bind(c)
      import
      type(c_ptr), value :: study, user
      type(c_funptr), value :: fresh
      integer(c_size_t), value :: finalists, repeats
      type(c_ptr), intent(out), optional :: winner
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_optimism(study, optimism, low, high, err) bind(c)
      import
      type(c_ptr), value :: study
      real(c_double), intent(out), optional :: optimism, low, high
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_confirmed(study, number, mean, standard_error, repeats, err) bind(c)
      import
      type(c_ptr), value :: study
      integer(c_int64_t), value :: number
      real(c_double), intent(out), optional :: mean, standard_error
      integer(c_size_t), intent(out), optional :: repeats
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_test(study, winner, on_test_set, user, score, err) bind(c)
      import
      type(c_ptr), value :: study, winner, user
      type(c_funptr), value :: on_test_set
      real(c_double), intent(out), optional :: score
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int64_t) function hpo_study_test_count(study) bind(c)
      import
      type(c_ptr), value :: study
    end function
    integer(c_int32_t) function hpo_study_advice(study, format, buf, cap, need, err) bind(c)
      import
      type(c_ptr), value :: study
      character(kind=c_char), intent(in) :: format(*)
      character(kind=c_char), intent(out) :: buf(*)
      integer(c_size_t), value :: cap
      integer(c_size_t), intent(out) :: need
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_study_export(study, format, path, err) bind(c)
      import
      type(c_ptr), value :: study
      character(kind=c_char), intent(in) :: format(*), path(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    ! hpo/history.h
    integer(c_size_t) function hpo_history_size(history) bind(c)
      import
      type(c_ptr), value :: history
    end function
    integer(c_size_t) function hpo_history_dimensions(history) bind(c)
      import
      type(c_ptr), value :: history
    end function
    type(c_ptr) function hpo_history_unit(history) bind(c)
      import
      type(c_ptr), value :: history
    end function
    type(c_ptr) function hpo_history_values(history) bind(c)
      import
      type(c_ptr), value :: history
    end function
    type(c_ptr) function hpo_history_states(history) bind(c)
      import
      type(c_ptr), value :: history
    end function
    type(c_ptr) function hpo_history_numbers(history) bind(c)
      import
      type(c_ptr), value :: history
    end function
    integer(c_size_t) function hpo_history_pending(history, unit) bind(c)
      import
      type(c_ptr), value :: history
      type(c_ptr), intent(out), optional :: unit
    end function
    integer(c_int64_t) function hpo_history_suggested(history) bind(c)
      import
      type(c_ptr), value :: history
    end function
    integer(c_int64_t) function hpo_history_seed(history) bind(c)
      import
      type(c_ptr), value :: history
    end function
    real(c_double) function hpo_history_uniform(history, number, purpose, index) bind(c)
      import
      type(c_ptr), value :: history
      integer(c_int64_t), value :: number
      integer(c_int32_t), value :: purpose, index
    end function
    ! hpo/strategy.h
    integer(c_size_t) function hpo_strategy_count() bind(c)
      import
    end function
    type(c_ptr) function hpo_strategy_name(i) bind(c)
      import
      integer(c_size_t), value :: i
    end function
    type(c_ptr) function hpo_strategy_help(i) bind(c)
      import
      integer(c_size_t), value :: i
    end function
    ! hpo/split.h
    integer(c_int32_t) function hpo_split_kfold(n, k, strata, groups, seed, fold, err) bind(c)
      import
      integer(c_size_t), value :: n, k
      integer(c_int64_t), intent(in), optional :: strata(*), groups(*)
      integer(c_int64_t), value :: seed
      integer(c_int32_t), intent(out) :: fold(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_split_holdout(n, validation, test, strata, groups, seed, part, err) bind(c)
      import
      integer(c_size_t), value :: n
      real(c_double), value :: validation, test
      integer(c_int64_t), intent(in), optional :: strata(*), groups(*)
      integer(c_int64_t), value :: seed
      integer(c_int8_t), intent(out) :: part(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_split_time(n, validation, test, time, gap, part, err) bind(c)
      import
      integer(c_size_t), value :: n
      real(c_double), value :: validation, test, gap
      real(c_double), intent(in) :: time(*)
      integer(c_int8_t), intent(out) :: part(*)
      type(hpo_error), intent(inout), optional :: err
    end function
    integer(c_int32_t) function hpo_split_time_folds(n, k, time, fold, err) bind(c)
      import
      integer(c_size_t), value :: n, k
      real(c_double), intent(in) :: time(*)
      integer(c_int32_t), intent(out) :: fold(*)
      type(hpo_error), intent(inout), optional :: err
    end function
  end interface

contains

  ! The functions below have results of explicit length on purpose: for a deferred one (len=:) gfortran keeps the length in static memory,
  ! even with -frecursive, so that two workers in a callback would share it.

  ! A Fortran string as libhpo takes it: without trailing blanks, with a final NUL.
  pure function hpo_f_text(string) result(text)
    character(len=*), intent(in) :: string
    character(kind=c_char, len=len_trim(string) + 1) :: text
    text = trim(string)//c_null_char
  end function

  ! Number of bytes of a C string; 0 for c_null_ptr.
  pure integer function hpo_f_length(pointer) result(length)
    type(c_ptr), intent(in) :: pointer
    interface
      pure integer(c_size_t) function strlen(text) bind(c)
        import
        type(c_ptr), intent(in), value :: text
      end function
    end interface
    length = 0
    if (c_associated(pointer)) length = int(strlen(pointer))
  end function

  ! Copy of a C string; empty for c_null_ptr.
  function hpo_f_string(pointer) result(string)
    type(c_ptr), intent(in) :: pointer
    character(len=hpo_f_length(pointer)) :: string
    character(kind=c_char), pointer :: characters(:)
    integer :: i
    if (.not. c_associated(pointer)) return
    call c_f_pointer(pointer, characters, [len(string)])
    do i = 1, len(string)
      string(i:i) = characters(i)
    end do
  end function

  ! The message of an error.
  pure function hpo_f_message(err) result(string)
    type(hpo_error), intent(in) :: err
    character(len=findloc(err%message, c_null_char, dim=1) - 1) :: string
    integer :: i
    do i = 1, len(string)
      string(i:i) = err%message(i)
    end do
  end function

  ! hpo_space_add_categorical() with an array of Fortran strings; trailing blanks do not count.
  integer(c_int32_t) function hpo_f_add_categorical(space, name, choices, err) result(status)
    type(c_ptr), value :: space
    character(len=*), intent(in) :: name, choices(:)
    type(hpo_error), intent(inout), optional :: err
    character(kind=c_char), target :: bytes(len(choices) + 1, size(choices))
    type(c_ptr) :: pointers(size(choices))
    call to_c(choices, bytes, pointers)
    status = hpo_space_add_categorical(space, hpo_f_text(name), pointers, size(choices, kind=c_size_t), err)
  end function

  ! hpo_space_when() with an array of Fortran strings; trailing blanks do not count.
  integer(c_int32_t) function hpo_f_when(space, child, parent, values, err) result(status)
    type(c_ptr), value :: space
    character(len=*), intent(in) :: child, parent, values(:)
    type(hpo_error), intent(inout), optional :: err
    character(kind=c_char), target :: bytes(len(values) + 1, size(values))
    type(c_ptr) :: pointers(size(values))
    call to_c(values, bytes, pointers)
    status = hpo_space_when(space, hpo_f_text(child), hpo_f_text(parent), pointers, size(values, kind=c_size_t), err)
  end function

  ! libhpo copies its inputs, so C strings on the stack of the caller do.
  subroutine to_c(strings, bytes, pointers)
    character(len=*), intent(in) :: strings(:)
    character(kind=c_char), target, intent(out) :: bytes(:, :)
    type(c_ptr), intent(out) :: pointers(:)
    integer :: i, j
    do i = 1, size(strings)
      do j = 1, len_trim(strings(i))
        bytes(j, i) = strings(i)(j:j)
      end do
      bytes(len_trim(strings(i)) + 1, i) = c_null_char
      pointers(i) = c_loc(bytes(1, i))
    end do
  end subroutine
end module
