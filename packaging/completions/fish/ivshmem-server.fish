# Completion of ivshmem-server for fish. Made by: npm run manual
function __ivshmem_server_place
    set -l place ivshmem-server
    for word in (commandline -opc)[2..-1]
        if contains -- "$place $word" 'ivshmem-server'
            set place "$place $word"
        end
    end
    echo $place
end
complete -c ivshmem-server -f
complete -c ivshmem-server -n 'test (__ivshmem_server_place) = "ivshmem-server"' -s h -d 'show this help'
complete -c ivshmem-server -n 'test (__ivshmem_server_place) = "ivshmem-server"' -s v -d 'verbose: log joins and leaves too (only with -F)'
complete -c ivshmem-server -n 'test (__ivshmem_server_place) = "ivshmem-server"' -s F -d 'stay in the foreground (default: become a daemon)'
complete -c ivshmem-server -n 'test (__ivshmem_server_place) = "ivshmem-server"' -s p -r -F -d 'pid file of the daemon (default /var/run/ivshmem-server.pid)'
complete -c ivshmem-server -n 'test (__ivshmem_server_place) = "ivshmem-server"' -s S -r -F -d 'path of the UNIX socket (default /tmp/ivshmem_socket)'
complete -c ivshmem-server -n 'test (__ivshmem_server_place) = "ivshmem-server"' -s M -x -d 'the memory is this POSIX shared memory object (default ivshmem)'
complete -c ivshmem-server -n 'test (__ivshmem_server_place) = "ivshmem-server"' -s m -x -a '(__fish_complete_directories)' -d 'the memory is an unnamed file in this directory, e.g. on hugetlbfs'
complete -c ivshmem-server -n 'test (__ivshmem_server_place) = "ivshmem-server"' -s l -x -d 'size of the memory, with K, M or G; rounded up to a power of two (default 4M)'
complete -c ivshmem-server -n 'test (__ivshmem_server_place) = "ivshmem-server"' -s n -x -d 'MSI-X vectors of each peer, 1–2048 (default 1)'
