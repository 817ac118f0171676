/**
 * The system calls that RuntimeDefault allows, equal in effect to the profile of Docker and containerd.
 * Names that an architecture does not have are skipped by the runtime.
 */
export const ALWAYS_ALLOWED: Readonly<Record<string, string>> = {
  'open, read, write':
    'open openat openat2 creat close close_range dup dup2 dup3 read readv pread64 preadv preadv2 write writev ' +
    'pwrite64 pwritev pwritev2 lseek _llseek readahead sendfile sendfile64 splice tee vmsplice copy_file_range ' +
    'fcntl fcntl64 flock ioctl fadvise64 fadvise64_64 fallocate ftruncate ftruncate64 truncate truncate64 ' +
    'sync syncfs fsync fdatasync sync_file_range pipe pipe2 memfd_create memfd_secret cachestat',
  'names and directories':
    'access faccessat faccessat2 chdir fchdir getcwd mkdir mkdirat mknod mknodat rmdir link linkat symlink ' +
    'symlinkat readlink readlinkat rename renameat renameat2 unlink unlinkat getdents getdents64 umask ' +
    'name_to_handle_at',
  attributes:
    'stat stat64 fstat fstat64 fstatat64 lstat lstat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 ' +
    'chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32 utime utimes ' +
    'futimesat utimensat utimensat_time64 getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr ' +
    'setxattrat listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat ' +
    'statmount listmount',
  'waiting for events':
    'select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl ' +
    'epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 ' +
    'timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 inotify_init ' +
    'inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark',
  'asynchronous input and output':
    'io_setup io_submit io_getevents io_pgetevents io_pgetevents_time64 io_cancel io_destroy ioprio_get ioprio_set',
  memory:
    'brk mmap mmap2 munmap mprotect mremap msync madvise mincore mlock mlock2 mlockall munlock munlockall mseal ' +
    'remap_file_pages membarrier map_shadow_stack pkey_alloc pkey_free pkey_mprotect',
  'processes and threads':
    'fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill pidfd_open ' +
    'pidfd_send_signal process_mrelease prctl seccomp landlock_create_ruleset landlock_add_rule ' +
    'landlock_restrict_self getpid getppid gettid getpgid getpgrp setpgid getsid setsid set_tid_address ' +
    'get_thread_area set_thread_area get_robust_list set_robust_list rseq restart_syscall getcpu uretprobe ' +
    'riscv_hwprobe',
  'locks between threads': 'futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue',
  signals:
    'rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait ' +
    'rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigprocmask sigreturn pause alarm',
  'users and capabilities':
    'getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid ' +
    'getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 ' +
    'setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32 ' +
    'capget capset',
  'scheduling and limits':
    'sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam ' +
    'sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval ' +
    'sched_rr_get_interval_time64 getpriority setpriority getrlimit ugetrlimit setrlimit prlimit64 getrusage ' +
    'times sysinfo uname',
  'time and timers':
    'time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep ' +
    'clock_nanosleep_time64 clock_adjtime clock_adjtime64 adjtimex nanosleep getitimer setitimer timer_create ' +
    'timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64',
  sockets:
    'socketpair socketcall bind listen accept accept4 connect shutdown getsockname getpeername getsockopt ' +
    'setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64',
  'System V and POSIX IPC':
    'ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget ' +
    'mq_open mq_unlink mq_notify mq_getsetattr mq_timedreceive mq_timedreceive_time64 mq_timedsend ' +
    'mq_timedsend_time64',
  randomness: 'getrandom',
};

/** What a capability of the container adds. */
export const ALLOWED_WITH_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_SYS_ADMIN:
    'bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr ' +
    'lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl ' +
    'quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare',
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module init_module finit_module',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  CAP_SYS_RAWIO: 'iopl ioperm',
  CAP_SYS_TIME: 'settimeofday stime clock_settime clock_settime64',
  CAP_SYS_TTY_CONFIG: 'vhangup',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  CAP_SYSLOG: 'syslog',
  CAP_BPF: 'bpf',
  CAP_PERFMON: 'perf_event_open',
};

/** What an architecture adds. */
export const ALLOWED_ON_ARCHITECTURE: Readonly<Record<string, string>> = {
  amd64: 'arch_prctl modify_ldt',
  arm: 'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls',
  arm64: 'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls',
  ppc64le: 'sync_file_range2 swapcontext',
  s390x: 's390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr',
  riscv64: 'riscv_flush_icache',
};
