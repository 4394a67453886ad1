! Tunes ridge regression trained by gradient descent, with libhpo called from Fortran.
!
!   gfortran -std=f2018 -frecursive hpo.f90 tune_ridge.f90 -L DIRECTORY -l hpo -o tune_ridge
!
! -frecursive keeps local arrays on the stack, so that the objective may run in several workers at once.
! The model, the data and the search are the same in bindings/python, rust and cpp. Ends with status 1 when anything is not as it must be.
module ridge
  use, intrinsic :: ieee_arithmetic, only: ieee_is_nan
  use hpo
  implicit none

  integer, parameter :: samples = 120, features = 6, trials = 60, workers = 2
  real(c_double), parameter :: true_weights(features) = [2.0d0, -1.0d0, 0.5d0, 0.0d0, 0.0d0, 0.3d0]
  real(c_double), parameter :: scales(features) = [1.0d0, 1.0d0, 1.0d0, 1.0d0, 1.0d0, 10.0d0]
  real(c_double), parameter :: noise = 0.5d0
  ! No model can be much below the variance of the noise; the default configuration is far above.
  real(c_double), parameter :: bound = 1.5d0*noise*noise
  integer(c_int32_t), parameter :: diverged = HPO_E_HOST - 1

  ! What the callbacks get as `user`. Each worker writes to its own elements only, so that no lock is needed.
  type :: job
    real(c_double) :: x(samples, features), y(samples)
    integer(c_int8_t) :: part(samples)
    integer :: evaluated(0:workers - 1) = 0, failed(0:workers - 1) = 0, wrong(0:workers - 1) = 0, announced = 0
    real(c_double) :: best = huge(1.0d0)
    real(c_double) :: first_rate = 0
  end type

  integer :: failures = 0

contains

  subroutine check(condition, what)
    logical, intent(in) :: condition
    character(len=*), intent(in) :: what
    if (condition) return
    failures = failures + 1
    print '(2a)', 'FAILED: ', what
  end subroutine

  ! Minimal standard generator of Park and Miller (1988), and normal numbers by Box and Muller; the same data in every language.
  real(c_double) function uniform(state)
    integer(c_int64_t), intent(inout) :: state
    state = mod(state*16807_c_int64_t, 2147483647_c_int64_t)
    uniform = real(state, c_double)/2147483647.0d0
  end function

  real(c_double) function normal(state)
    integer(c_int64_t), intent(inout) :: state
    real(c_double) :: radius
    radius = sqrt(-2.0d0*log(uniform(state)))
    normal = radius*cos(2.0d0*acos(-1.0d0)*uniform(state))
  end function

  ! y = 4 + x w + noise, split into training, validation and test samples by libhpo.
  subroutine make_data(data)
    type(job), intent(inout) :: data
    integer(c_int64_t) :: state
    integer :: i, j
    state = 20240229
    do i = 1, samples
      do j = 1, features
        data%x(i, j) = scales(j)*normal(state)
      end do
      data%y(i) = 4.0d0 + sum(true_weights*data%x(i, :)) + noise*normal(state)
    end do
    call check(hpo_split_holdout(int(samples, c_size_t), 0.25d0, 0.25d0, seed=1_c_int64_t, part=data%part) == HPO_OK, &
      'the data are split')
  end subroutine

  ! Trains on the training samples and gives the mean squared error on the samples of `part`; `epoch` is where it diverged, or 0.
  subroutine fit_and_score(data, trial, part, error, epoch)
    type(job), intent(in) :: data
    type(c_ptr), intent(in) :: trial
    integer(c_int8_t), intent(in) :: part
    real(c_double), intent(out) :: error
    integer, intent(out) :: epoch
    real(c_double) :: l2, rate, momentum, offset, residual
    real(c_double), dimension(features) :: mean, spread, w, velocity, gradient, row
    integer :: n, i, step
    character(len=:), allocatable :: optimizer

    l2 = hpo_trial_float(trial, 'l2'//c_null_char)
    rate = hpo_trial_float(trial, 'learning_rate'//c_null_char)
    optimizer = hpo_f_string(hpo_trial_categorical(trial, 'optimizer'//c_null_char))
    momentum = 0
    if (optimizer == 'momentum') momentum = hpo_trial_float(trial, 'momentum'//c_null_char)

    ! Centre and scale come from the training samples alone.
    n = count(data%part == HPO_TRAIN)
    spread = 1
    do i = 1, features
      mean(i) = sum(data%x(:, i), mask=data%part == HPO_TRAIN)/n
      if (hpo_trial_int(trial, 'standardize'//c_null_char) == 1) then
        spread(i) = sqrt(sum((data%x(:, i) - mean(i))**2, mask=data%part == HPO_TRAIN)/n)
      end if
    end do
    offset = sum(data%y, mask=data%part == HPO_TRAIN)/n

    w = 0
    velocity = 0
    error = 0
    do step = 1, int(hpo_trial_int(trial, 'epochs'//c_null_char))
      gradient = l2*w
      do i = 1, samples
        if (data%part(i) /= HPO_TRAIN) cycle
        row = (data%x(i, :) - mean)/spread
        residual = sum(row*w) - (data%y(i) - offset)
        gradient = gradient + residual*row/n
      end do
      velocity = momentum*velocity - rate*gradient
      w = w + velocity
      epoch = step
      if (.not. sum(w*w) < 1.0d12) return
    end do
    epoch = 0

    do i = 1, samples
      if (data%part(i) == part) error = error + (offset + sum((data%x(i, :) - mean)/spread*w) - data%y(i))**2
    end do
    error = error/count(data%part == part)
  end subroutine

  ! The objective, called by libhpo.
  integer(c_int32_t) function validate(trial, values, user) bind(c) result(status)
    type(c_ptr), value :: trial, user
    real(c_double), intent(inout) :: values(*)
    status = evaluate(trial, values, user, HPO_VALIDATION)
  end function

  integer(c_int32_t) function test_it(trial, values, user) bind(c) result(status)
    type(c_ptr), value :: trial, user
    real(c_double), intent(inout) :: values(*)
    status = evaluate(trial, values, user, HPO_TEST)
  end function

  integer(c_int32_t) function evaluate(trial, values, user, part) result(status)
    type(c_ptr), intent(in) :: trial, user
    real(c_double), intent(inout) :: values(*)
    integer(c_int8_t), intent(in) :: part
    type(job), pointer :: data
    real(c_double) :: error
    integer :: epoch, worker
    logical :: active
    character(len=40) :: message

    call c_f_pointer(user, data)
    worker = hpo_trial_worker(trial)
    data%evaluated(worker) = data%evaluated(worker) + 1
    if (hpo_trial_number(trial) == 0) data%first_rate = hpo_trial_float(trial, 'learning_rate'//c_null_char)
    active = hpo_f_string(hpo_trial_categorical(trial, 'optimizer'//c_null_char)) == 'momentum'
    if (active .neqv. hpo_trial_is_active(trial, 'momentum'//c_null_char) == 1) data%wrong(worker) = data%wrong(worker) + 1
    ! NaN marks an inactive parameter.
    if (active .eqv. ieee_is_nan(hpo_trial_float(trial, 'momentum'//c_null_char))) data%wrong(worker) = data%wrong(worker) + 1

    call fit_and_score(data, trial, part, error, epoch)
    if (epoch > 0) then
      data%failed(worker) = data%failed(worker) + 1
      write (message, '(a, i0)') 'diverged in epoch ', epoch
      status = hpo_trial_set_message(trial, hpo_f_text(message))
      status = diverged
      return
    end if
    values(1) = error
    status = HPO_OK
  end function

  ! Called by libhpo after each trial.
  integer(c_int32_t) function progress(trial, user) bind(c) result(status)
    type(c_ptr), value :: trial, user
    type(job), pointer :: data
    call c_f_pointer(user, data)
    if (hpo_trial_number(trial) /= data%announced) data%wrong(0) = data%wrong(0) + 1
    data%announced = data%announced + 1
    if (hpo_trial_state(trial) == HPO_COMPLETE .and. hpo_trial_value(trial) < data%best) then
      data%best = hpo_trial_value(trial)
      print '(a, i2, a, f0.6)', 'trial ', hpo_trial_number(trial), ': validation error ', data%best
    end if
    status = HPO_OK
  end function
end module

program tune_ridge
  use ridge
  implicit none

  type(job), target :: data
  type(hpo_error) :: err
  type(c_ptr) :: study, best, default
  real(c_double) :: score

  print '(2a)', 'libhpo ', hpo_f_string(hpo_version_string())
  call wrong_spaces()
  call make_data(data)
  call make_study(study)
  call search(study)
  call ask_and_tell(study)
  call two_workers(study)

  call check(hpo_study_best(study, best, err) == HPO_OK, 'there is a best trial')
  call check(hpo_study_default(study, default, err) == HPO_OK, 'the default was tried')
  call check(hpo_study_test(study, best, c_funloc(test_it), c_loc(data), score, err) == HPO_OK, 'the test set is used once')
  print '(a, f0.6, a, f0.6, a, i0, a)', 'default ', hpo_trial_value(default), ', best ', hpo_trial_value(best), &
    ' (trial ', hpo_trial_number(best), ')'
  print '(a, es10.3, a, es10.3, a, i0, 2a)', '  l2 ', hpo_trial_float(best, 'l2'//c_null_char), ', learning_rate ', &
    hpo_trial_float(best, 'learning_rate'//c_null_char), ', epochs ', hpo_trial_int(best, 'epochs'//c_null_char), ', optimizer ', &
    hpo_f_string(hpo_trial_categorical(best, 'optimizer'//c_null_char))
  print '(a, f0.6)', 'test error of the best ', score
  call check(hpo_trial_value(best) < hpo_trial_value(default) .and. score < 2*bound .and. hpo_study_test_count(study) == 1, &
    'the best configuration is good on the test set')
  call hpo_trial_free(best)
  call hpo_trial_free(default)
  call hpo_study_free(study)

  if (failures > 0) then
    print '(i0, a)', failures, ' checks failed'
    stop 1
  end if
  print '(a)', 'ok'

contains

  ! What a mistake looks like: a status, and the message in the error struct.
  subroutine wrong_spaces()
    type(c_ptr) :: space, nothing
    integer(c_int32_t) :: status
    space = hpo_space_new(c_null_ptr)
    status = hpo_space_add_float(space, 'learning_rate'//c_null_char, 1.0d0, 1.0d-4, HPO_LOG, err)
    print '(5a)', 'error as expected: ', hpo_f_message(err), ' (', hpo_f_string(hpo_status_name(status)), ')'
    call check(status == HPO_E_INVALID .and. index(hpo_f_message(err), 'learning_rate') > 0, 'the message names the parameter')
    err = hpo_error()
    call check(hpo_study_new(space, nothing, err) == HPO_E_INVALID, 'no study of a broken space')
    call check(index(hpo_f_message(err), 'learning_rate') > 0, 'the space keeps its first error')
    call hpo_space_free(space)
  end subroutine

  ! Building is sticky: only the last call needs a look.
  subroutine make_study(study)
    type(c_ptr), intent(out) :: study
    type(c_ptr) :: space
    character(kind=c_char) :: buffer(16)
    integer(c_int32_t) :: status
    integer(c_size_t) :: need
    space = hpo_space_new(c_null_ptr)
    status = hpo_space_add_float(space, 'l2'//c_null_char, 1.0d-6, 10.0d0, HPO_LOG)
    status = hpo_space_add_float(space, 'learning_rate'//c_null_char, 1.0d-4, 1.0d0, HPO_LOG)
    status = hpo_space_set_default(space, 'learning_rate'//c_null_char, '0.001'//c_null_char)
    status = hpo_space_add_int(space, 'epochs'//c_null_char, 10_c_int64_t, 200_c_int64_t, HPO_LINEAR)
    status = hpo_f_add_categorical(space, 'optimizer', ['plain   ', 'momentum'])
    status = hpo_space_add_float(space, 'momentum'//c_null_char, 0.0d0, 0.95d0, HPO_LINEAR)
    status = hpo_f_when(space, 'momentum', 'optimizer', ['momentum'])
    status = hpo_space_add_bool(space, 'standardize'//c_null_char)
    status = hpo_study_new(space, study, err)
    call hpo_space_free(space)
    if (status /= HPO_OK) then
      print '(a)', hpo_f_message(err)
      stop 1
    end if

    call check(hpo_study_set(study, 'strategy'//c_null_char, 'sobol'//c_null_char, err) == HPO_OK, 'the strategy is set')
    call check(hpo_study_set(study, 'seed'//c_null_char, '7'//c_null_char, err) == HPO_OK, 'the seed is set')
    status = hpo_study_set(study, 'stratgy'//c_null_char, 'sobol'//c_null_char, err)
    call check(status == HPO_E_NOT_FOUND .and. index(hpo_f_message(err), 'strategy') > 0, 'the nearest setting is named')
    status = hpo_study_get(study, 'strategy'//c_null_char, buffer, size(buffer, kind=c_size_t), need, err)
    call check(status == HPO_OK .and. need == 6 .and. all(buffer(1:6) == ['s', 'o', 'b', 'o', 'l', c_null_char]), &
      'the setting is read back')
  end subroutine

  subroutine search(study)
    type(c_ptr), intent(in) :: study
    type(c_ptr) :: point, best, failed
    integer(c_int32_t) :: status
    real(c_double) :: column(trials), relevance(6), mean, standard_error
    integer(c_size_t) :: n

    ! A configuration that cannot converge: shows a failing objective.
    status = hpo_point_new(hpo_study_space(study), point, err)
    status = hpo_point_set_number(point, 'learning_rate'//c_null_char, 1.0d0, err)
    status = hpo_point_set(point, 'standardize'//c_null_char, 'false'//c_null_char, err)
    status = hpo_point_set(point, 'optimizer'//c_null_char, 'plain'//c_null_char, err)
    call check(hpo_study_enqueue(study, point, err) == HPO_OK, 'a configuration is enqueued')
    call hpo_point_free(point)

    status = hpo_study_on_trial(study, c_funloc(progress), c_loc(data), err)
    status = hpo_study_optimize(study, c_funloc(validate), c_loc(data), int(trials, c_int64_t), err)
    call check(status == HPO_OK, 'the search ends with its budget')
    call check(data%evaluated(0) == trials .and. data%announced == trials, 'every trial is evaluated and announced once')
    call check(all(data%wrong == 0), 'momentum is active only with its optimizer; trials are announced in order')
    call check(abs(data%first_rate - 0.001d0) <= 0, 'the default configuration comes first')
    call check(hpo_study_trial_count(study, -1) == trials, 'trials are counted')
    call check(hpo_study_trial_count(study, HPO_FAILED) == data%failed(0) .and. &
      hpo_study_trial_count(study, HPO_COMPLETE) == trials - data%failed(0), 'failures are counted')

    call check(hpo_study_trial(study, 1_c_int64_t, failed, err) == HPO_OK, 'a trial by its number')
    call check(hpo_trial_state(failed) == HPO_FAILED .and. &
      index(hpo_f_string(hpo_trial_message(failed)), 'diverged in epoch ') == 1, 'the enqueued configuration failed, and says why')
    call hpo_trial_free(failed)

    call check(hpo_study_best(study, best, err) == HPO_OK, 'there is a best trial')
    call check(abs(hpo_trial_value(best) - data%best) <= 0 .and. data%best < bound, 'the best is the smallest value, and good')
    call hpo_trial_free(best)
    status = hpo_study_column(study, 'value'//c_null_char, column, size(column, kind=c_size_t), n, err)
    call check(status == HPO_OK .and. n == trials .and. abs(minval(column, mask=.not. ieee_is_nan(column)) - data%best) <= 0, &
      'the column of values')
    status = hpo_study_relevance(study, relevance, err)
    call check(status == HPO_OK .and. abs(sum(relevance) - 1) < 1e-9_c_double, 'relevance')
    status = hpo_study_estimate(study, 0_c_int64_t, mean, standard_error, err)
    call check(status == HPO_OK .and. abs(mean) < huge(mean) .and. standard_error > 0, 'the estimate of a trial')
    relevance = huge(mean)
    call check(hpo_study_predict(study, relevance, 1_c_size_t, mean=column) == HPO_E_INVALID, 'a prediction out of range')
  end subroutine

  ! The host's own loop.
  subroutine ask_and_tell(study)
    type(c_ptr), intent(in) :: study
    type(c_ptr) :: trial
    real(c_double) :: error
    integer :: i, epoch
    integer(c_int32_t) :: status
    do i = 1, 5
      call check(hpo_study_ask(study, trial, err) == HPO_OK, 'ask')
      call fit_and_score(data, trial, HPO_VALIDATION, error, epoch)
      if (epoch == 0) then
        status = hpo_study_tell(study, trial, HPO_COMPLETE, [error], 1_c_size_t, err)
      else
        status = hpo_study_tell(study, trial, HPO_FAILED, n=0_c_size_t, err=err)
      end if
      call check(status == HPO_OK, 'tell')
      call check(hpo_study_tell(study, trial, HPO_COMPLETE, [error], 1_c_size_t, err) == HPO_E_STATE, &
        'telling twice is a wrong state')
      call hpo_trial_free(trial)
    end do
    call check(hpo_study_trial_count(study, -1) == trials + 5, 'asked trials are counted')
  end subroutine

  ! The objective in two threads at once: it shares nothing but what belongs to its worker.
  subroutine two_workers(study)
    type(c_ptr), intent(in) :: study
    integer(c_int32_t) :: status
    data%evaluated = 0
    status = hpo_study_set(study, 'workers'//c_null_char, '2'//c_null_char, err)
    status = hpo_study_on_trial(study, c_null_funptr, c_null_ptr, err)
    status = hpo_study_optimize(study, c_funloc(validate), c_loc(data), 20_c_int64_t, err)
    call check(status == HPO_OK .and. sum(data%evaluated) == 20, 'two workers share the trials')
  end subroutine
end program
