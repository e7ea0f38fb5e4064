# Completion of ivshmem-client for fish. Made by: npm run manual
function __ivshmem_client_place
    set -l place ivshmem-client
    for word in (commandline -opc)[2..-1]
        if contains -- "$place $word" 'ivshmem-client'
            set place "$place $word"
        end
    end
    echo $place
end
complete -c ivshmem-client -f
complete -c ivshmem-client -n 'test (__ivshmem_client_place) = "ivshmem-client"' -s h -d 'show this help'
complete -c ivshmem-client -n 'test (__ivshmem_client_place) = "ivshmem-client"' -s v -d 'verbose: tell the memory\'s size, and how many rings an interrupt merged'
complete -c ivshmem-client -n 'test (__ivshmem_client_place) = "ivshmem-client"' -s S -r -F -d 'path of the server\'s UNIX socket (default /tmp/ivshmem_socket)'
